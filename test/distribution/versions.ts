// Three published versions of create-bunyard whose templates differ in every way that an update has to handle.
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { readManifest } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { succeed } from "./program.ts";
import { Registry } from "./registry.ts";
import { User } from "./user.ts";

/** The versions, the oldest first. The published ones must not have these numbers. */
export const [FIRST, SECOND, THIRD] = ["101.0.0", "101.1.0", "102.0.0"] as const;
export const TEMPLATE = "sample";

type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

const numbered = (count: number, changed: Readonly<Record<number, string>> = {}) =>
  Array.from(
    { length: count },
    (_, index) => changed[index] ?? `export const v${index} = ${index};\n`,
  ).join("");

const manifest = (changes: object, features: object) =>
  `${JSON.stringify({ name: TEMPLATE, version: "0.1.0", description: "Sample", private: true, type: "module", ...changes, bunyard: { features } }, null, 2)}\n`;

const PAGE = { description: "A page", paths: ["src/page.ts"] };
const DOCKER = { description: "An image", paths: ["Dockerfile"] };
const CACHE = { description: "A cache", paths: ["src/cache.ts"] };
const REGION = '// #region page\nexport const page = "page";\n// #endregion\n';

const first: Files = {
  "package.json": manifest(
    {
      scripts: { dev: "bun src/main.ts", test: "bun test", old: "echo old" },
      dependencies: { ms: "2.1.2" },
      devDependencies: { "is-number": "7.0.0" },
    },
    { page: PAGE, docker: DOCKER },
  ),
  "src/main.ts": numbered(40) + REGION,
  "src/page.ts": "export const title = 1;\n",
  "src/before.ts": numbered(30),
  "src/gone.ts": "export const gone = 1;\n",
  "src/plain.ts": numbered(12),
  "settings.json": '{\n  "list": ["a", "b"],\n  "kept": 1\n}\n',
  "logo.png": new Uint8Array([137, 80, 0, 1, 2, 3]),
  Dockerfile: "FROM scratch\n",
  "README.md": "# Sample\n\nFirst.\n\nMiddle.\n\nLast.\n",
};

const second: Files = {
  "package.json": manifest(
    {
      scripts: { dev: "bun src/main.ts", test: "bun test --bail", added: "echo added" },
      dependencies: { ms: "2.1.3" },
      devDependencies: { "is-number": "7.0.0" },
    },
    { page: PAGE, docker: DOCKER, cache: CACHE },
  ),
  "src/main.ts": numbered(40, { 3: "export const v3 = 33;\n" }) + REGION,
  "src/before.ts": undefined,
  "src/after.ts": numbered(30, { 20: "export const v20 = 200;\n" }),
  "src/gone.ts": undefined,
  "src/added.ts": "export const added = 1;\n",
  "src/cache.ts": "export const cache = 1;\n",
  "settings.json": '{\n  "list": ["a", "b", "c"],\n  "kept": 2,\n  "new": true\n}\n',
  "logo.png": new Uint8Array([137, 80, 0, 9, 9, 9]),
};

const third: Files = {
  "package.json": manifest(
    {
      scripts: { dev: "bun src/main.ts", test: "bun test --bail", added: "echo added" },
      dependencies: { ms: "2.1.3" },
      devDependencies: { "is-odd": "3.0.1" },
    },
    { page: PAGE, cache: CACHE },
  ),
  "src/main.ts":
    numbered(40, { 3: "export const v3 = 33;\n", 30: "export const v30 = 333;\n" }) + REGION,
  "src/page.ts": "export const title = 3;\n",
  Dockerfile: undefined,
  "README.md": "# Sample\n\nFirst.\n\nMiddle.\n\nThird.\n",
};

const CHANGELOG = `# Changelog

## [Unreleased]

## [${THIRD}] - 2026-03-03

### Changed

- ${TEMPLATE}: a third thing, which is described
  on two lines.
- hmr-app: something else.
- All services: something else.

## [${SECOND}] - 2026-02-02

### Fixed

- Every starter: a second thing.

## [${FIRST}] - 2026-01-01

- ${TEMPLATE}: a first thing.
`;

export class Versions implements AsyncDisposable {
  #count = 0;

  private constructor(
    readonly clone: Clone,
    readonly registry: Registry,
  ) {}

  static async publish(): Promise<Versions> {
    const [clone, registry] = await Promise.all([Clone.open(), Registry.open()]);
    const versions = new Versions(clone, registry);
    await clone.bun("install", "--frozen-lockfile");
    await Bun.write(join(clone.root, "CHANGELOG.md"), CHANGELOG);
    await versions.#publish(FIRST, first);
    const shared = Bun.file(join(clone.root, "packages/shared/files/_gitignore"));
    await shared.write(`${await shared.text()}*.swp\n`);
    await versions.#publish(SECOND, second);
    await versions.#publish(THIRD, third);
    return versions;
  }

  async #publish(version: string, files: Files): Promise<void> {
    const template = join(this.clone.root, "templates", TEMPLATE);
    for (const [path, content] of Object.entries(files)) {
      if (content === undefined) await rm(join(template, path));
      else await Bun.write(join(template, path), content);
    }
    const folder = join(this.clone.root, "tooling", "create");
    const changed = { ...(await readManifest(folder)), version };
    await Bun.write(join(folder, "package.json"), JSON.stringify(changed));
    await succeed([process.execPath, "run", "pack"], { cwd: folder, env: this.clone.env });
    await this.registry.publish(join(folder, "dist", `create-bunyard-${version}.tgz`));
    await cp(join(folder, "dist"), this.#package(version), { recursive: true });
  }

  #package(version: string): string {
    return join(this.clone.place, "packages", version);
  }

  /** The command of a version. */
  command(version: string, ...args: readonly string[]): string[] {
    return [process.execPath, join(this.#package(version), "create.js"), ...args];
  }

  /** A user with an empty home and empty caches. */
  user(name = `user-${++this.#count}`): Promise<User> {
    return User.open(join(this.clone.place, name), this.registry.url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
    await this.clone[Symbol.asyncDispose]();
  }
}
