// Which backend is taken, in real projects outside the repository, and why the others are not.
import { cc } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { platform, root } from "../src/library.ts";
import { declarations } from "../src/symbols.ts";
import { createProject, type Project, program, run } from "./project.ts";
import { compiler, tinycc } from "./toolchain.ts";

/** What runs when nothing is built. */
const fallback = tinycc ? "tinycc" : "typescript";

/** What a process that imports the library reports: `{ backend, skipped, sum }`. */
async function report(project: Project, env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = await run([program("report.ts"), project.entry], env);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const failure = async (project: Project, FFI_BACKEND: string): Promise<string> =>
  (await run([program("report.ts"), project.entry], { FFI_BACKEND })).stderr;

test("without a build TinyCC runs if it can, and TypeScript where that is switched off", async () => {
  using project = createProject("bare");
  expect(await report(project)).toMatchObject({ backend: fallback, sum: 5 });
  const args = ["--no-ffi-cc", program("report.ts"), project.entry];
  const { backend, skipped } = JSON.parse((await run(args)).stdout);
  expect(backend).toBe("typescript");
  expect(skipped.map((skip: { backend: string }) => skip.backend)).toEqual([
    "prebuilt",
    "compiled",
    "tinycc",
  ]);
});

test.skipIf(!tinycc)("with TinyCC: no system header is needed", () => {
  const source = join(root, "native/addon.c");
  const { symbols } = cc({ source, symbols: declarations, flags: "-nostdinc" });
  expect(symbols.addon_add(2, 3)).toBe(5);
});

test("FFI_BACKEND forces one, and says why it can't", async () => {
  using project = createProject("bare");
  expect(await report(project, { FFI_BACKEND: "typescript" })).toMatchObject({
    backend: "typescript",
    skipped: [],
  });
  expect(await failure(project, "fortran")).toContain("prebuilt, compiled, tinycc, typescript");
  expect(await failure(project, "prebuilt")).toContain("run `bun run pack`");
  expect(await failure(project, "compiled")).toContain("run `bun run build`");
});

test("a missing compiler is explained", async () => {
  using project = createProject("bare");
  cpSync(join(import.meta.dir, "../build.ts"), join(project.path, "build.ts"));
  const build = join(project.path, "build.ts");
  const { exitCode, stderr } = await run([build], { CC: "no-such-compiler" });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("looked for: no-such-compiler");
  expect(stderr).toContain("apt install gcc");
  expect(stderr).not.toContain("    at ");
});

describe.skipIf(!compiler)("with a C compiler", () => {
  test("a build is cached by the source and the compiler", async () => {
    using project = createProject("bare");
    cpSync(join(root, "build.ts"), join(project.path, "build.ts"));
    const build = async (CC?: string): Promise<string> => {
      const { stdout, stderr } = await run([join(project.path, "build.ts")], { CC });
      return stderr + stdout.slice(0, stdout.indexOf(":"));
    };
    const cc = compiler?.command.join(" ");
    expect([await build(cc), await build(cc)]).toEqual(["Compiled", "Unchanged"]);
    expect(await build(`${cc} -DNOTHING`)).toBe("Compiled");
    appendFileSync(join(project.path, "native/dot.h"), "// changed\n");
    expect(await build(cc)).toBe("Compiled");
    expect((await report(project)).backend).toBe("compiled");
    // What GCC 11 meets in the headers of glibc.
    appendFileSync(join(project.path, "native/libc.h"), "#warning from the system\n");
    expect(await build(cc)).toEndWith("Compiled");
    appendFileSync(join(project.path, "native/basics.c"), "int broken(\n");
    expect(await build(cc)).toContain("could not compile native/addon.c");
    expect((await report(project)).backend).toBe("typescript");
  });

  test.skipIf(process.platform !== "linux")(
    "the library shows what addon.h declares, and can't be written over",
    () => {
      using project = createProject("compiled");
      const folder = join(project.path, "dist/native");
      const library = join(folder, readdirSync(folder).find((name) => name.endsWith(".so")) ?? "");
      const read = (...command: string[]): string =>
        Bun.spawnSync([...command, library]).stdout.toString();
      const names = Array.from(
        read("nm", "-D", "--defined-only").matchAll(/ T (\w+)/g),
        (m) => m[1],
      );
      expect(names.toSorted()).toEqual(Object.keys(declarations).toSorted());
      expect(read("readelf", "-dW")).toContain("BIND_NOW");
      const segments = read("readelf", "-lW");
      expect(segments).toContain("GNU_RELRO");
      expect(segments).toMatch(/GNU_STACK .* RW /);
      expect(segments).not.toContain("RWE");
    },
  );

  const backendAndReason = async (project: Project): Promise<[string, string]> => {
    const { backend, skipped } = await report(project);
    const compiled = skipped.find((skip: { backend: string }) => skip.backend === "compiled");
    return [backend, compiled?.reason ?? ""];
  };

  test("the compiled library is taken, unless the C has changed since", async () => {
    using project = createProject("compiled");
    expect(await backendAndReason(project)).toEqual(["compiled", ""]);
    appendFileSync(join(project.path, "native/basics.c"), "// changed\n");
    const [backend, reason] = await backendAndReason(project);
    expect(backend).toBe(fallback);
    expect(reason).toContain("changed since");
  });

  test("a library that is not what was built is never opened", async () => {
    using project = createProject("compiled");
    const folder = join(project.path, "dist/native");
    const [library = ""] = readdirSync(folder).filter((name) => name.startsWith("addon-"));
    appendFileSync(join(folder, library), "!");
    const [backend, reason] = await backendAndReason(project);
    expect(backend).toBe(fallback);
    expect(reason).toContain("SHA-256");
    rmSync(join(project.path, "native/basics.c"));
    expect(await backendAndReason(project)).toEqual(["typescript", "native/basics.c is missing"]);
    writeFileSync(join(folder, "manifest.json"), "{");
    expect((await backendAndReason(project))[1]).toContain("damaged");
  });

  test("a package is for a platform that exists", async () => {
    using project = createProject("bare");
    for (const target of ["linux", "linux-arm", "../../linux-x64", ""]) {
      const packed = await run([join(project.path, "pack.ts"), `--target=${target}`]);
      expect(packed.stderr).toContain("like linux-arm64");
      expect(packed.exitCode).toBe(1);
    }
    expect(readdirSync(join(project.path, "dist"))).toEqual([]);
  });

  test.each(["vectors", "@scope/vectors"])(
    "a platform package of %s comes first, when its SHA-256 is the pinned one",
    async (main) => {
      using project = createProject("compiled");
      const description = JSON.parse(readFileSync(join(project.path, "package.json"), "utf8"));
      description.name = main;
      writeFileSync(join(project.path, "package.json"), JSON.stringify(description));
      const packed = await run([join(project.path, "pack.ts")]);
      expect(packed.stderr).toBe("");
      // As installed: the package in node_modules, and only the manifest in the main package.
      const name = `${main}-${platform}`;
      const installed = join(project.path, "node_modules", name);
      mkdirSync(installed, { recursive: true });
      cpSync(join(project.path, "dist/prebuilt", name), installed, { recursive: true });
      expect(await report(project)).toMatchObject({ backend: "prebuilt", skipped: [], sum: 5 });

      const { files, os, cpu } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
      expect(`${os}-${cpu}`).toBe(platform);
      appendFileSync(join(installed, files[0]), "!");
      expect(await report(project)).toMatchObject({
        backend: "compiled",
        skipped: [{ backend: "prebuilt", reason: expect.stringContaining("SHA-256") }],
      });
      expect(await failure(project, "prebuilt")).toContain("SHA-256");
    },
  );
});
