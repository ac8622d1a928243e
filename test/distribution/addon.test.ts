// A project of the ffi-addon starter, published to a registry: installed without a compiler, type-checked, and used by an
// hmr-app in its bundle and in its executable.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { Clone } from "./clone.ts";
import { type Run, run, succeed } from "./program.ts";
import { Registry } from "./registry.ts";
import { User } from "./user.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const BUN = process.execPath;
const NAME = "vectors";
const clone = await Clone.open();
const registry = await Registry.open([NAME, `${NAME}-*`]);
const author = await User.open(join(clone.place, "author"), registry.url);
const user = await User.open(join(clone.place, "user"), registry.url);
/** The user's PATH has Bun, and neither a compiler nor anything else. */
const bare = { ...user.env, PATH: join(clone.place, "bin") };

const hasCompiler = ["cc", "clang", "gcc", "zig"].some((name) => Bun.which(name) !== null);
const needsCompiler = test.skipIf(!hasCompiler);
let published: Run;

beforeAll(async () => {
  if (!hasCompiler) return;
  await mkdir(bare.PATH);
  await symlink(BUN, join(bare.PATH, process.platform === "win32" ? "bun.exe" : "bun"));
  await clone.bun("install", "--frozen-lockfile");
  const project = await clone.create("ffi-addon", NAME);
  const manifest = Bun.file(join(project, "package.json"));
  await manifest.write((await manifest.text()).replace(/^ *"private": true,\n/m, ""));
  const around = { cwd: project, env: { ...author.env, NPM_CONFIG_TOKEN: "anybody" } };
  await succeed([BUN, "install"], around);
  await succeed([BUN, "run", "package"], around);
  published = await run([BUN, "run", "publish:all"], around);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await clone[Symbol.asyncDispose]();
});

const PROGRAM = `
import { backend, skipped, VectorIndex } from "${NAME}";
using index = new VectorIndex({ dimensions: 1, metric: "dot" });
index.add(Float32Array.of(1, 2));
const hits = await index.searchInWorker(Float32Array.of(3), 1);
console.log(JSON.stringify({ backend, skipped, hits }));
`;
const RESULT = { backend: "prebuilt", skipped: [], hits: [{ id: 1, score: 6 }] };

needsCompiler("one command publishes the platform packages, then the main package", async () => {
  expect(published.code, published.stderr + published.stdout).toBe(0);
  const lines = published.stdout.matchAll(/^ \+ (\S+)@0\.1\.0$/gm);
  const names = [...lines].map(([, name = ""]) => name);
  expect(names).toEqual([expect.stringMatching(RegExp(`^${NAME}-${process.platform}-`)), NAME]);
  // The platforms that were not built are named.
  expect(published.stderr).toMatch(/^Without a prebuilt library: .*linux-arm64-musl/m);
  const response = await fetch(new URL(NAME, registry.url));
  const { versions } = (await response.json()) as { versions: Record<string, PublishedManifest> };
  expect(Object.keys(versions["0.1.0"]?.optionalDependencies ?? {})).toEqual(names.slice(0, -1));
  expect(versions["0.1.0"]?.engines).toEqual({ bun: ">=1.4.5" });
  // Again, as after a failure in the middle.
  const project = join(clone.place, "created/ffi-addon");
  const env = { ...author.env, NPM_CONFIG_TOKEN: "anybody" };
  const again = await run([BUN, "run", "publish:all"], { cwd: project, env });
  expect(again.code, again.stderr).toBe(0);
});

interface PublishedManifest {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: unknown;
}

needsCompiler(
  "in an empty project without a compiler, the library is the prebuilt one",
  async () => {
    const cwd = join(user.cwd, "empty");
    await Bun.write(join(cwd, "package.json"), '{ "type": "module" }');
    await Bun.write(join(cwd, "main.ts"), PROGRAM);
    await succeed([BUN, "add", NAME], { cwd, env: bare });
    expect(await readdir(join(cwd, "node_modules"))).not.toContain("@types");
    const { stdout, stderr } = await run([BUN, "main.ts"], { cwd, env: bare });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(RESULT);

    const dist = join(user.cwd, "dist");
    await succeed([BUN, "build", "main.ts", "--target=bun", "--outdir", dist], { cwd, env: bare });
    const compile = [BUN, "build", "main.ts", "--compile", "--outfile", join(dist, "program")];
    await succeed(compile, { cwd, env: bare });
    await rename(join(cwd, "node_modules"), join(cwd, "away"));
    await rename(dist, join(user.cwd, "moved"));
    for (const command of [[BUN, "main.js"], ["./program"]]) {
      const moved = await run(command, { cwd: join(user.cwd, "moved"), env: bare });
      expect(moved.stderr).toBe("");
      expect(JSON.parse(moved.stdout)).toEqual(RESULT);
    }
  },
);

needsCompiler("an hmr-app that uses it works after its build and its compile", async () => {
  const project = await clone.create("hmr-app", "my-app");
  const around = { cwd: project, env: user.env };
  await succeed([BUN, "install"], around);
  await succeed([BUN, "add", "--exact", NAME], around);
  await Bun.write(
    join(project, "src/features/search/routes.ts"),
    `import { Hono } from "hono";
import { backend, skipped, VectorIndex } from "${NAME}";

const index = new VectorIndex({ dimensions: 1, metric: "dot" });
index.add(Float32Array.of(1, 2));

export const searchRoutes = () =>
  new Hono().get("/api/search", async (c) => {
    const hits = await index.searchInWorker(Float32Array.of(3), 1);
    return c.json({ backend, skipped, hits });
  });
`,
  );
  const app = Bun.file(join(project, "src/app.ts"));
  const text = (await app.text())
    .replace(
      /^(?=import \{ noteRoutes)/m,
      'import { searchRoutes } from "./features/search/routes.ts";\n',
    )
    .replace(/^(?= *\.route\("\/", noteRoutes)/m, '    .route("/", searchRoutes())\n');
  await app.write(text);
  await succeed([BUN, "run", "format"], around);
  await succeed([BUN, "run", "check"], around);
  await succeed([BUN, "run", "compile"], around);

  const moved = join(user.cwd, "deployed");
  await cp(join(project, "dist"), join(moved, "dist"), { recursive: true });
  await rm(project, { recursive: true });
  for (const command of [[BUN, "dist/main.js"], ["dist/app"]]) {
    expect(await responseOf(command, moved)).toEqual(RESULT);
  }
});

/** Starts a server, requests /api/search, and stops it. */
async function responseOf(command: readonly string[], cwd: string): Promise<unknown> {
  const variables = { NODE_ENV: "production", PORT: "0", HOST: "127.0.0.1" };
  await using server = Bun.spawn([...command], {
    cwd,
    env: { ...bare, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  const decoder = new TextDecoder();
  for await (const chunk of server.stdout) {
    printed += decoder.decode(chunk, { stream: true });
    const url = /\blistening on (http:\S+?)\/?(?=["\s])/.exec(Bun.stripANSI(printed))?.[1];
    if (url !== undefined) return (await fetch(`${url}/api/search`)).json();
  }
  throw new Error(`The server did not listen:\n${printed}`);
}
