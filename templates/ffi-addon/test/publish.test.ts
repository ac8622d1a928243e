// The package as it is published: what it contains, when packing is refused, and its types for consumers.
import { beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findProgram, ZIG } from "../scripts/compiler.ts";
import { crossCompiler, targets } from "../scripts/targets.ts";
import { root } from "../src/artifacts.ts";
import { platform } from "../src/verify.ts";
import { copyCompiled, createProject, type Project, runProgram, shortenBuild } from "./project.ts";
import { ccVariable, compiler } from "./toolchain.ts";

const NAME = "@scope/vectors";
const HOST = `${NAME}-${platform}`;

const bun = (project: Project, ...args: string[]) =>
  runProgram([process.execPath, ...args], { CC: ccVariable }, project.path);
const manifestOf = (project: Project): string =>
  readFileSync(join(project.path, "package.json"), "utf8");
const readmeOf = (project: Project): string =>
  readFileSync(join(project.path, "README.md"), "utf8");

/**
 * A project that may be published, under a name with a scope, with short READMEs. Packing resolves dependencies, which it has none of.
 * @param javascript `all` compiles all modules when it is packed.
 */
function publishable(javascript: "all" | "one module" = "one module"): Project {
  const project = createProject("bare");
  if (compiler) copyCompiled(join(project.path, "dist/native"));
  if (javascript === "one module") shortenBuild(project);
  const { private: _, devDependencies: __, ...manifest } = JSON.parse(manifestOf(project));
  const text = JSON.stringify({ ...manifest, name: NAME, version: "1.2.3" }, null, "\t");
  writeFileSync(join(project.path, "package.json"), `${text}\n`);
  writeFileSync(join(project.path, "README.md"), "# For the owner\n");
  writeFileSync(join(project.path, "NPM.md"), "# your-package\n");
  return project;
}

const pack = (project: Project) => bun(project, "pm", "pack", "--filename", "packed.tgz");

test("packing is refused without prebuilt libraries, and changes nothing", async () => {
  using project = publishable();
  const before = manifestOf(project);
  const { exitCode, stderr } = await pack(project);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain("There is no dist/prebuilt/manifest.json");
  expect(stderr).not.toContain("    at ");
  expect(existsSync(join(project.path, "packed.tgz"))).toBe(false);
  expect(manifestOf(project)).toBe(before);
});

test("a private package is not published", async () => {
  using project = publishable();
  const manifest = JSON.stringify({ ...JSON.parse(manifestOf(project)), private: true });
  writeFileSync(join(project.path, "package.json"), manifest);
  const { exitCode, stderr } = await bun(project, "run", "publish:all");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("Remove that line");
});

const WORKFLOW = ".github/workflows/publish.yml";

test.skipIf(process.platform === "win32")(
  "the workflow refuses a tag that is not the version",
  async () => {
    using project = publishable();
    const { jobs } = Bun.YAML.parse(readFileSync(join(root, WORKFLOW), "utf8")) as Workflow;
    const step = jobs.build.steps.find(
      ({ name }) => name === "Refuse a tag that is not the version",
    );
    const check = (GITHUB_REF_NAME: string) =>
      runProgram(["sh", "-c", step?.run ?? ""], { GITHUB_REF_NAME }, project.path);
    expect((await check("v1.2.3")).exitCode).toBe(0);
    expect((await check("v1.2.4")).exitCode).toBe(1);
  },
);

interface Workflow {
  readonly jobs: { readonly build: { readonly steps: { name?: string; run?: string }[] } };
}

test.each(["README.md", WORKFLOW])("%s has the zig that scripts/compiler.ts suggests", (path) => {
  expect(readFileSync(join(root, path), "utf8")).toContain(`bun add --no-save --exact ${ZIG}`);
});

test("no script has a name that package managers run around another one", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const hooks = Object.keys(scripts).filter((name) =>
    Object.keys(scripts).some((other) => name === `pre${other}` || name === `post${other}`),
  );
  expect(hooks).toEqual([]);
  for (const name of ["pack", "prebuild", "publish", "version"])
    expect(scripts).not.toContainKey(name);
});

interface Published {
  readonly versions: Readonly<Record<string, unknown>>;
  readonly "dist-tags": Readonly<Record<string, string>>;
}

/** A registry in this process: serves what is published to it, and records the tags. */
function startRegistry() {
  const packages = new Map<string, Published>();
  const published: [name: string, tags: Published["dist-tags"]][] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
      if (request.method === "PUT") {
        const document = (await request.json()) as Published;
        published.push([name, document["dist-tags"]]);
        const earlier = packages.get(name);
        packages.set(name, {
          ...document,
          versions: { ...earlier?.versions, ...document.versions },
          "dist-tags": { ...earlier?.["dist-tags"], ...document["dist-tags"] },
        });
      }
      const found = packages.get(name);
      return found ? Response.json(found) : Response.json({}, { status: 404 });
    },
  });
  return {
    published,
    packages,
    url: server.url,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

describe.skipIf(!compiler)("with a C compiler", () => {
  test("publishing tags prereleases, skips what is published, and refuses a version with other content", async () => {
    using npm = startRegistry();
    using project = publishable();
    const { href, host } = npm.url;
    writeFileSync(join(project.path, ".npmrc"), `registry=${href}\n//${host}/:_authToken=test\n`);
    const publish = () => bun(project, "run", "publish:all");
    const setVersion = (from: string, to: string) =>
      writeFileSync(join(project.path, "package.json"), manifestOf(project).replace(from, to));

    setVersion("1.2.3", "1.3.0-beta.1");
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const first = await publish();
    expect(first.exitCode, first.stderr).toBe(0);
    const tags = { next: "1.3.0-beta.1" };
    expect(npm.published.splice(0)).toEqual([
      [HOST, tags],
      [NAME, tags],
    ]);

    // As if publishing had failed between the packages: the first is skipped.
    npm.packages.delete(NAME);
    const second = await publish();
    expect(second.exitCode, second.stderr).toBe(0);
    expect(npm.published.splice(0)).toEqual([[NAME, tags]]);

    npm.packages.delete(NAME);
    appendFileSync(join(project.path, "native/addon.c"), "int changed = 1;\n");
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const third = await publish();
    expect(third.exitCode).toBe(1);
    expect(third.stderr).toContain(`${HOST}@1.3.0-beta.1 is published already, with other content`);
    expect(npm.published).toEqual([]);

    setVersion("1.3.0-beta.1", "1.3.0");
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const fourth = await publish();
    expect(fourth.exitCode, fourth.stderr).toBe(0);
    const latest = { latest: "1.3.0" };
    expect(npm.published).toEqual([
      [HOST, latest],
      [NAME, latest],
    ]);
  });

  test("a correction of an old version does not get the tag of a higher one", async () => {
    using npm = startRegistry();
    using project = publishable();
    const { href, host } = npm.url;
    writeFileSync(join(project.path, ".npmrc"), `registry=${href}\n//${host}/:_authToken=test\n`);
    const publish = async (from: string, to: string, ...options: string[]) => {
      writeFileSync(join(project.path, "package.json"), manifestOf(project).replace(from, to));
      expect((await bun(project, "run", "package")).exitCode).toBe(0);
      const { exitCode, stderr } = await bun(project, "run", "publish:all", ...options);
      expect(exitCode, stderr).toBe(0);
      return npm.published.splice(0);
    };
    await publish('"1.2.3"', '"2.0.0"');
    const correction = { "latest-1": "1.2.5" };
    expect(await publish('"2.0.0"', '"1.2.5"')).toEqual([
      [HOST, correction],
      [NAME, correction],
    ]);
    const prerelease = { next: "2.1.0-beta.1" };
    expect(await publish('"1.2.5"', '"2.1.0-beta.1"')).toContainEqual([NAME, prerelease]);
    const older = { "next-1": "1.3.0-beta.1" };
    expect(await publish('"2.1.0-beta.1"', '"1.3.0-beta.1"')).toContainEqual([NAME, older]);
    const own = { old: "1.2.6" };
    expect(await publish('"1.3.0-beta.1"', '"1.2.6"', "--tag", "old")).toContainEqual([NAME, own]);
  });

  test("when packing fails during publishing, README.md and package.json are restored", async () => {
    using project = publishable();
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const manifest = JSON.parse(manifestOf(project));
    // Runs after prepack has replaced the files.
    manifest.scripts.prepack += " && exit 1";
    const text = `${JSON.stringify(manifest, null, "\t")}\n`;
    writeFileSync(join(project.path, "package.json"), text);
    const { exitCode, stderr } = await bun(project, "run", "publish:all");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("failed.");
    expect(manifestOf(project)).toBe(text);
    expect(readmeOf(project)).toBe("# For the owner\n");
  });

  describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
    /** Lets `prepack` run a shell script when it has replaced the files. @returns package.json */
    function extendPrepack(project: Project, script: string): string {
      writeFileSync(join(project.path, "wait.sh"), script);
      const manifest = JSON.parse(manifestOf(project));
      manifest.scripts.prepack += " && sh wait.sh";
      const text = JSON.stringify(manifest);
      writeFileSync(join(project.path, "package.json"), text);
      return text;
    }

    /** Publishes as in a terminal, where the signal reaches all processes of the group. */
    async function interrupt(
      project: Project,
      isBusy = () => existsSync(join(project.path, "waits")),
    ): Promise<number> {
      await using child = Bun.spawn([process.execPath, "run", "publish:all"], {
        cwd: project.path,
        detached: true,
        stdio: ["ignore", "ignore", "ignore"],
      });
      while (!isBusy()) await Bun.sleep(10);
      process.kill(-child.pid, "SIGINT");
      return await child.exited;
    }

    test("while the main package is packed restores README.md and package.json", async () => {
      using project = publishable();
      expect((await bun(project, "run", "package")).exitCode).toBe(0);
      const text = extendPrepack(project, "touch waits\nexec sleep 60\n");
      expect(await interrupt(project)).not.toBe(0);
      while (readmeOf(project) !== "# For the owner\n") await Bun.sleep(10);
      while (manifestOf(project) !== text) await Bun.sleep(10);
    });

    test("that a script of the package ignores publishes nothing, too", async () => {
      using npm = startRegistry();
      using project = publishable();
      const { href, host } = npm.url;
      writeFileSync(join(project.path, ".npmrc"), `registry=${href}\n//${host}/:_authToken=test\n`);
      expect((await bun(project, "run", "package")).exitCode).toBe(0);
      extendPrepack(project, "trap '' INT\ntouch waits\nsleep 1\n");
      expect(await interrupt(project)).not.toBe(0);
      while (readmeOf(project) !== "# For the owner\n") await Bun.sleep(10);
      expect(npm.published).toEqual([]);
    });

    test("while the registry does not respond publishes nothing", async () => {
      using project = publishable();
      const methods: string[] = [];
      await using server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch({ method }) {
          methods.push(method);
          return Promise.withResolvers<Response>().promise;
        },
      });
      writeFileSync(join(project.path, ".npmrc"), `registry=${server.url.href}\n`);
      expect((await bun(project, "run", "package")).exitCode).toBe(0);
      expect(await interrupt(project, () => methods.length > 0)).not.toBe(0);
      expect(methods).toEqual(["GET"]);
    });
  });

  test("the tarball has the compiled JavaScript, its types and the manifest, and lists the platforms that were built", async () => {
    using project = publishable("all");
    const before = manifestOf(project);
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const { exitCode, stderr } = await pack(project);
    expect(exitCode, stderr).toBe(0);
    const others = Object.keys(targets).filter((target) => target !== platform);
    expect(stderr).toContain(`Without a prebuilt library: ${others.join(", ")}`);
    expect(manifestOf(project)).toBe(before);
    expect(readmeOf(project)).toBe("# For the owner\n");

    const archive = new Bun.Archive(await Bun.file(join(project.path, "packed.tgz")).bytes());
    const files = await archive.files();
    const paths = [...files.keys()].map((path) => path.replace(/^package\//, ""));
    const expected =
      /^(package\.json|README\.md|LICENSE|dist\/library\/(\w+\/)?[\w-]+\.(js|d\.ts|c)|dist\/prebuilt\/manifest\.json)$/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    for (const path of ["dist/library/index.js", "dist/library/index.d.ts"]) {
      expect(paths).toContain(path);
    }
    expect(await files.get("package/README.md")?.text()).toBe(`# ${NAME}\n`);
    const manifest = await files.get("package/package.json")?.json();
    expect(manifest.optionalDependencies).toEqual({ [HOST]: "1.2.3" });
    expect(manifest.publishConfig).toEqual({ access: "public" });
    expect(manifest.peerDependenciesMeta).toEqual({ "@types/bun": { optional: true } });

    const { os, cpu, libc } = targets[platform] ?? {};
    const folder = join(project.path, "dist/prebuilt", HOST);
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
      version: "1.2.3",
      os: [os],
      cpu: [cpu],
      ...(libc ? { libc: [libc] } : {}),
      publishConfig: { access: "public" },
    });
  });

  test("after packing was killed, the next one restores README.md and package.json", async () => {
    using project = publishable();
    const before = manifestOf(project);
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    expect((await bun(project, "run", "prepack")).exitCode).toBe(0);
    expect(readmeOf(project)).toBe(`# ${NAME}\n`);
    const { optionalDependencies } = JSON.parse(manifestOf(project));
    expect(optionalDependencies).toEqual({ [HOST]: "1.2.3" });
    expect((await pack(project)).exitCode).toBe(0);
    expect(readmeOf(project)).toBe("# For the owner\n");
    expect(manifestOf(project)).toBe(before);
  });

  test("the library of a platform package gives the same results as TypeScript", async () => {
    using project = publishable();
    cpSync(join(root, "test/programs"), join(project.path, "test/programs"), { recursive: true });
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    const command = [process.execPath, "test/programs/compare.ts"];
    const { stdout, stderr } = await runProgram(command, { FFI_BACKEND: "prebuilt" }, project.path);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/: prebuilt with \w+ agrees with TypeScript\n$/);
  });

  test("packing is refused after a change of the C code or of the version", async () => {
    using project = publishable();
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    writeFileSync(
      join(project.path, "package.json"),
      manifestOf(project).replace("1.2.3", "1.2.4"),
    );
    expect((await pack(project)).stderr).toContain(`${HOST} is version 1.2.3, not 1.2.4`);
    appendFileSync(join(project.path, "native/basics.c"), "// changed\n");
    const { exitCode, stderr } = await pack(project);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("has changed since dist/prebuilt/ was built");
  });

  test("only libraries of the current C code are pinned, and only as they were built", async () => {
    using project = publishable();
    const prebuilt = join(project.path, "dist/prebuilt");
    const manifest = join(prebuilt, "manifest.json");
    const readTargets = (): string[] =>
      Object.keys(JSON.parse(readFileSync(manifest, "utf8")).libraries).sort();
    const [other = ""] = Object.keys(targets).filter((target) => target !== platform);
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    // As if it had been built for another platform, too.
    cpSync(join(prebuilt, HOST), join(prebuilt, `${NAME}-${other}`), { recursive: true });
    const { source, libraries } = JSON.parse(readFileSync(manifest, "utf8"));
    const compiler = crossCompiler(other);
    libraries[other] = { ...libraries[platform], package: `${NAME}-${other}`, compiler };
    writeFileSync(manifest, JSON.stringify({ source, libraries }));
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    expect(readTargets()).toEqual([other, platform].sort());
    // This machine's compiler has replaced a library that zig would have built for older systems, too.
    expect((await pack(project)).stderr).toContain(`${HOST} was compiled by ${ccVariable}, not by`);
    libraries[platform].compiler = crossCompiler(platform);
    writeFileSync(manifest, JSON.stringify({ source, libraries }));
    expect((await pack(project)).exitCode).toBe(0);

    const library = join(prebuilt, `${NAME}-${other}`, libraries[other].file);
    appendFileSync(library, "!");
    expect((await pack(project)).stderr).toContain(`${library} is missing, or is not the file`);

    appendFileSync(join(project.path, "native/basics.c"), "// changed\n");
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    expect(readTargets()).toEqual([platform]);
    expect((await pack(project)).stderr).toContain(other);
    writeFileSync(manifest, "{");
    expect((await bun(project, "run", "package")).exitCode).toBe(0);
    expect(readTargets()).toEqual([platform]);
  });

  test("`types` is set for resolution modes without `exports`, such as node10", () => {
    const { types, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(types).toBe(exports["."].types);
  });

  describe("a consumer", () => {
    let packed: Uint8Array;
    beforeAll(async () => {
      if (!compiler) return;
      using project = publishable("all");
      expect((await bun(project, "run", "package")).exitCode).toBe(0);
      expect((await pack(project)).exitCode).toBe(0);
      packed = await Bun.file(join(project.path, "packed.tgz")).bytes();
    });

    test.each([
      { skipLibCheck: true, types: [] },
      { skipLibCheck: false, types: [] },
      { skipLibCheck: true, types: ["bun"] },
      { skipLibCheck: false, types: ["bun"] },
    ])("type-checks under NodeNext: %j", async (options) => {
      using project = createProject("bare");
      const consumer = join(project.path, "consumer");
      const installed = join(consumer, "node_modules", NAME);
      await new Bun.Archive(packed).extract(join(consumer, "extracted"));
      mkdirSync(join(consumer, "node_modules/@scope"), { recursive: true });
      cpSync(join(consumer, "extracted/package"), installed, { recursive: true });
      // Only these: what else the project has installed must not be found.
      for (const name of ["@types", "typescript"]) {
        if (name === "@types" && options.types.length === 0) continue;
        symlinkSync(
          join(root, "node_modules", name),
          join(consumer, "node_modules", name),
          "junction",
        );
      }
      const compilerOptions = { module: "NodeNext", strict: true, noEmit: true, ...options };
      writeFileSync(join(consumer, "package.json"), '{ "type": "module" }\n');
      writeFileSync(
        join(consumer, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: ["main.ts"] }),
      );
      writeFileSync(
        join(consumer, "main.ts"),
        `import { AddonError, type AddonErrorCode, add, backend, type Hit, VectorIndex } from "${NAME}";
using index = new VectorIndex({ dimensions: 2, metric: "cosine" });
const hits: readonly Hit[] = index.search(Float32Array.of(1, 2), add(1, 2));
// #region worker
export const later: Promise<Hit[]> = index.searchInWorker(Float32Array.of(1, 2), 1);
// #endregion
export const code = (error: unknown): AddonErrorCode | undefined =>
  error instanceof AddonError ? error.code : undefined;
// @ts-expect-error The types are checked: \`k\` is a number.
index.search(Float32Array.of(1, 2), "3");
export { backend, hits };
`,
      );
      const tsc = join(root, "node_modules/.bin/tsc");
      const command = [process.execPath, tsc, "--project", "tsconfig.json"];
      const checked = await runProgram(command, {}, consumer);
      expect(checked.stdout + checked.stderr).toBe("");
      expect(checked.exitCode).toBe(0);
    });
  });
});

/** The first bytes of a library's format, and what it calls the CPU. */
function formatOf(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.readUInt32BE(0) === 0x7f454c46) {
    return `linux-${{ 62: "x64", 183: "arm64" }[bytes.readUInt16LE(18)]}`;
  }
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    return `darwin-${{ 16777223: "x64", 16777228: "arm64" }[bytes.readUInt32LE(4)]}`;
  }
  const header = bytes.readUInt32LE(0x3c);
  return `win32-${{ 34404: "x64" }[bytes.readUInt16LE(header + 4)]}`;
}

test.skipIf(findProgram("zig") === null)(
  "with zig: one machine builds the library of every platform",
  async () => {
    using project = publishable();
    const command = [process.execPath, "run", "package", "--all"];
    // A compiler for this machine would build every package for this machine.
    const built = await runProgram(command, { CC: "cc" }, project.path);
    expect(built.exitCode, built.stderr).toBe(0);
    const scope = join(project.path, "dist/prebuilt/@scope");
    for (const target of Object.keys(targets)) {
      const folder = join(scope, `vectors-${target}`);
      const [library = ""] = readdirSync(folder).filter((file) => file.startsWith("addon."));
      expect(formatOf(join(folder, library))).toBe(target.replace("-musl", ""));
      const needsGlibc = readFileSync(join(folder, library), "latin1").includes("GLIBC_2");
      expect(needsGlibc).toBe(targets[target]?.libc === "glibc");
    }
    const packed = await pack(project);
    expect(packed.exitCode, packed.stderr).toBe(0);
    expect(packed.stderr).not.toContain("Without a prebuilt library");
  },
  600_000, // the first time, zig compiles the C library of each platform
);
