// Which backend is taken, in real projects outside the repository, and why the others are not.
import { cc } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCompiler } from "../scripts/compiler.ts";
import { packageName, root } from "../src/artifacts.ts";
import { CFLAGS, LIBS } from "../src/c-flags.ts";
import { backendOrder } from "../src/engine.ts";
import { declarations } from "../src/symbols.ts";
import { platform } from "../src/verify.ts";
import { createProject, type Project, program, run, shortenBuild } from "./project.ts";
import { binutils, cBackends, ccVariable, compiler, tinycc } from "./toolchain.ts";

/** The backend that runs when nothing is built. */
const fallback = tinycc ? "tinycc" : "typescript";

/** The report of a process that imports the library: `{ backend, skipped, sum }`, and its stderr. */
async function report(project: Project, env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = await run([program("report.ts"), project.entry], env);
  if (exitCode !== 0) throw new Error(stderr);
  return { ...JSON.parse(stdout), stderr };
}

const failure = async (project: Project, FFI_BACKEND: string): Promise<string> =>
  (await run([program("report.ts"), project.entry], { FFI_BACKEND })).stderr;

test("without a build TinyCC runs if it can, and TypeScript where that is switched off", async () => {
  using project = createProject("bare");
  const bare = await report(project);
  expect(bare).toMatchObject({ backend: fallback, sum: 5 });
  if (tinycc) expect(bare.stderr).toBe("");
  const args = ["--no-ffi-cc", program("report.ts"), project.entry];
  const { backend, skipped } = JSON.parse((await run(args)).stdout);
  expect(backend).toBe("typescript");
  expect([...skipped.map((skip: { backend: string }) => skip.backend), backend]).toEqual([
    ...backendOrder,
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
  expect(await failure(project, "fortran")).toContain(backendOrder.join(", "));
  // #region prebuilt
  expect(await failure(project, "prebuilt")).toContain("run `bun run package`");
  // #endregion
  expect(await failure(project, "compiled")).toContain("run `bun run build`");
});

test.skipIf(process.platform === "win32").each(["true", "true -fsyntax-only"])(
  "a compiler that writes no file is explained: %s",
  async (CC) => {
    using project = createProject("bare");
    shortenBuild(project);
    const { exitCode, stderr } = await run([join(project.path, "build.ts")], { CC });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\/true( -fsyntax-only)? could not compile native\/addon.c\.\n$/);
  },
);

test("a missing compiler is explained", async () => {
  using project = createProject("bare");
  shortenBuild(project);
  const build = join(project.path, "build.ts");
  const { exitCode, stderr } = await run([build], { CC: "no-such-compiler" });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("tried: no-such-compiler");
  expect(stderr).toContain("apt install gcc");
  expect(stderr).not.toContain("    at ");
});

test.skipIf(process.platform === "win32")("CC may be a path with blanks, with arguments", () => {
  const folder = mkdtempSync(join(tmpdir(), "my tööls "));
  try {
    const path = join(folder, "cc");
    writeFileSync(path, "#!/bin/sh\necho $#\n", { mode: 0o755 });
    expect(findCompiler(path)).toEqual({ command: [path], version: "1" });
    const command = [path, "-DNAME=a b"];
    expect(findCompiler(` "${path}"  "-DNAME=a b" `)).toEqual({ command, version: "2" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(process.platform === "win32").each([
  ["cannot preprocess", '[ "$1" = --version ]'],
  ["cannot link", 'case "$*" in *-o*) exit 1; esac'],
])(
  "without the headers or the linker files of a C library, a compiler %s and is not taken",
  async (_, script) => {
    using project = createProject("bare");
    const folder = join(project.path, "tools");
    mkdirSync(folder);
    writeFileSync(join(folder, "cc"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const module = JSON.stringify(join(project.path, "scripts/compiler.ts"));
    const code = `console.log((await import(${module})).findCompiler().command)`;
    const { stdout, stderr } = await run(["-e", code], { PATH: folder });
    expect(stdout).not.toContain(folder); // zig may be installed
    if (stdout === "") expect(stderr).toContain("that works (tried: cc, ");
  },
);

test("a build replaces what another one puts into dist/library/, and other users can read it", async () => {
  using project = createProject("bare");
  const library = join(project.path, "dist/library");
  const other = join(project.path, "other");
  let isRunning = true;
  const build = run([join(project.path, "build.ts")], { CC: "no-such-compiler" }).finally(() => {
    isRunning = false;
  });
  for (let others = 0; isRunning && others < 3; await new Promise(setImmediate)) {
    mkdirSync(join(other, "content"), { recursive: true });
    for (let i = 0; i < 1000 && existsSync(other); i++) {
      try {
        renameSync(other, library);
        others++;
      } catch {
        // The other build's library is there, or dist/ is not there yet.
      }
    }
  }
  rmSync(other, { recursive: true, force: true });
  expect((await build).stderr).toStartWith("No C compiler was found");
  expect(existsSync(join(library, "index.js"))).toBe(true);
  expect(readdirSync(join(project.path, "dist"))).toEqual(["library"]);
  const umask = process.umask();
  expect(statSync(library).mode & 0o777).toBe(0o777 & ~umask);
});

describe.skipIf(!compiler)("with a C compiler", () => {
  test("a build is cached by the source and the compiler", async () => {
    using project = createProject("bare");
    shortenBuild(project);
    const build = async (CC?: string): Promise<string> => {
      const { stdout, stderr } = await run([join(project.path, "build.ts")], { CC });
      return stderr + stdout.slice(0, stdout.indexOf(":"));
    };
    expect([await build(ccVariable), await build(ccVariable)]).toEqual(["Compiled", "Unchanged"]);
    expect(await build(`${ccVariable} -DNOTHING`)).toBe("Compiled");
    appendFileSync(join(project.path, "native/simd.h"), "// changed\n");
    expect(await build(ccVariable)).toBe("Compiled");
    expect((await report(project)).backend).toBe("compiled");
    // A #warning, which glibc's headers have for GCC before 12, must not stop a build.
    appendFileSync(join(project.path, "native/libc.h"), "#warning from the system\n");
    expect(await build(ccVariable)).toEndWith("Compiled");
    appendFileSync(join(project.path, "native/basics.c"), "int broken(\n");
    expect(await build(ccVariable)).toContain("could not compile native/addon.c");
    expect((await report(project)).backend).toBe("typescript");
  });

  test("C files include each other in every way that compilers allow, in dist/library/, too", async () => {
    using project = createProject("bare");
    const native = join(project.path, "native");
    const files = {
      "lib/README": "a file that is not included",
      "lib/unused.c": "int broken(\n",
      "lib/once.h": "  #  pragma once /* a comment\n*/\nstatic int from_once(void) { return 1; }\n",
      "lib/a.h":
        '#ifndef A_H\n#define A_H\n#include "b.h"\n#include "once.h"\n#include"a.h"\n#endif\n',
      "lib/b.h":
        '\ufeff#ifndef B_H\n#define B_H\n#include "once.h" /* a comment\n*/\n#include "a.h"\n#endif\n',
      "lib/example.h": "/* a comment */\nint broken(\n",
      "lib/lib.c":
        '/* Write:\n#include "example.h"\n*/\n// or lib/*.h\n#ifdef HAVE_CONFIG_H\n#include "config.h"\n#endif\n#ifdef MISSING\n#include "once.h"\n#endif\nstatic const char quotes[] = { \'"\', "/*"[0], \'\\"\', "/*"[1] };\n#include "a.h"\nint32_t addon_lib(int32_t flags) { bool isSet = flags & 0x100; return from_once() + isSet; }\n/* the end */\n',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(native, path)), { recursive: true });
      writeFileSync(join(native, path), text);
    }
    appendFileSync(join(native, "addon.c"), '#include "lib/lib.c"\n');
    const header = join(native, "addon.h");
    const declared = "\nADDON_EXPORT int32_t addon_lib(int32_t flags);\n#endif\n";
    writeFileSync(header, readFileSync(header, "utf8").replace(/\n#endif\n$/, declared));
    const built = await run([join(project.path, "build.ts")], { CC: ccVariable });
    expect(built).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await report(project)).backend).toBe("compiled");
    const installed = { ...project, entry: join(project.path, "dist/library/index.js") };
    for (const FFI_BACKEND of cBackends) {
      expect(await report(installed, { FFI_BACKEND })).toMatchObject({ backend: FFI_BACKEND });
    }
    if (!tinycc) return;
    const source = join(project.path, "dist/library/addon.c");
    const { symbols } = cc({
      source,
      symbols: { addon_lib: { args: ["i32"], returns: "i32" } },
    });
    expect([symbols.addon_lib(0x100), symbols.addon_lib(0)]).toEqual([2, 1]);
    writeFileSync(join(native, "lib/once.h"), "static int from_once(void) { return 2; }\n");
    expect((await report(project)).skipped).toContainEqual({
      backend: "compiled",
      reason: expect.stringContaining("changed since"),
    });
  });

  test("flags with blanks, quotes and backslashes reach every compiler", async () => {
    using project = createProject("bare");
    shortenBuild(project);
    const headers = join(project.path, "my headers");
    mkdirSync(headers);
    writeFileSync(join(headers, "empty.h"), "");
    const flags = [...CFLAGS, `-I${headers}`, String.raw`-DTEXT="it's \"a\" \\"`];
    writeFileSync(
      join(project.path, "src/c-flags.ts"),
      `export const LIBS = ${JSON.stringify(LIBS)};\nexport const CFLAGS: string[] = ${JSON.stringify(flags)};\n`,
    );
    const uses =
      '#include <empty.h>\n_Static_assert(sizeof TEXT == 11, "ten characters and NUL");\n';
    appendFileSync(join(project.path, "native/addon.c"), uses);
    const built = await run([join(project.path, "build.ts")], { CC: ccVariable });
    expect(built.exitCode, built.stderr).toBe(0);
    for (const backend of cBackends) {
      expect(await report(project, { FFI_BACKEND: backend })).toMatchObject({ backend, sum: 5 });
    }
  });

  test.skipIf(!binutils)(
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

  /** A compiled library that is refused is also explained in one line on stderr. */
  const backendAndReason = async (project: Project): Promise<[string, string]> => {
    const { backend, skipped, stderr } = await report(project);
    const compiled = skipped.find((skip: { backend: string }) => skip.backend === "compiled");
    const reason = compiled?.reason ?? "";
    const lines = String(stderr)
      .split("\n")
      .filter((line) => line.startsWith(`${packageName}: `));
    expect(lines).toEqual(compiled ? [expect.stringContaining(reason)] : []);
    return [backend, reason];
  };

  test("the compiled library is taken, unless the C or its flags have changed since", async () => {
    using project = createProject("compiled");
    expect(await backendAndReason(project)).toEqual(["compiled", ""]);
    for (const [path, change] of [
      ["native/basics.c", (text: string) => `${text}// changed\n`],
      [
        "src/c-flags.ts",
        (text: string) => text.replace("CFLAGS: readonly string[] = [", '$&"-O2", '),
      ],
      ["scripts/compile.ts", (text: string) => text.replace('"-O3"', '"-O2"')],
    ] as const) {
      const file = join(project.path, path);
      const before = readFileSync(file, "utf8");
      writeFileSync(file, change(before));
      const [backend, reason] = await backendAndReason(project);
      expect(backend).toBe(fallback);
      expect(reason).toContain("changed since");
      writeFileSync(file, before);
      expect(await backendAndReason(project)).toEqual(["compiled", ""]);
    }
    // Files that only a flag such as `-I`, `-iquote` or `-L` leads to.
    for (const path of ["native/settings.h", "native/include/lib/tables.inc"]) {
      const file = join(project.path, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "#define SETTING 1\n");
      expect((await backendAndReason(project))[1]).toContain("changed since");
      rmSync(file);
      expect(await backendAndReason(project)).toEqual(["compiled", ""]);
    }
  });

  test("a library that is not what was built is never opened", async () => {
    using project = createProject("compiled");
    shortenBuild(project);
    const folder = join(project.path, "dist/native");
    const { libraries } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    appendFileSync(join(folder, libraries[platform].file), "!");
    const [backend, reason] = await backendAndReason(project);
    expect(backend).toBe(fallback);
    expect(reason).toContain("SHA-256");
    const built = await run([join(project.path, "build.ts")], { CC: ccVariable });
    expect(built.stdout).toStartWith("Compiled: ");
    expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).libraries).toEqual(
      libraries,
    );
    expect(await backendAndReason(project)).toEqual(["compiled", ""]);
    rmSync(join(project.path, "native/basics.c"));
    expect((await backendAndReason(project))[1]).toContain("changed since");
    rmSync(join(project.path, "native/addon.c"));
    expect(await backendAndReason(project)).toEqual(["typescript", "native/addon.c is missing"]);
    writeFileSync(join(folder, "manifest.json"), "{");
    expect((await backendAndReason(project))[1]).toContain("damaged");
  });
  // #region prebuilt

  test("a package is for a platform that exists", async () => {
    using project = createProject("bare");
    for (const target of ["linux", "linux-arm", "../../linux-x64", "toString", ""]) {
      const packed = await run([join(project.path, "publish/package.ts"), `--target=${target}`]);
      expect(packed.stderr).toContain("Use one of linux-x64, ");
      expect(packed.exitCode).toBe(1);
    }
    expect(readdirSync(join(project.path, "dist"))).toEqual([]);
  });

  test("a prebuilt library comes first if its SHA-256 is the pinned one", async () => {
    using project = createProject("compiled");
    const packed = await run([join(project.path, "publish/package.ts")], { CC: ccVariable });
    expect(packed.stderr).toBe("");
    expect(await report(project)).toMatchObject({ backend: "prebuilt", skipped: [], sum: 5 });
    const [library = ""] = new Bun.Glob("dist/prebuilt/**/addon.*").scanSync({
      cwd: project.path,
      absolute: true,
    });
    appendFileSync(library, "!");
    expect(await report(project)).toMatchObject({
      backend: "compiled",
      skipped: [{ backend: "prebuilt", reason: expect.stringContaining("SHA-256") }],
    });
    expect(await failure(project, "prebuilt")).toContain("SHA-256");
  });
  // #endregion
});
