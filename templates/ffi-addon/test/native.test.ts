// The C library alone, and its sanitized build inside Bun.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../scripts/compile.ts";
import { createProject, program, run, runCleanly } from "./project.ts";
import { asan, compiler, sanitized } from "./toolchain.ts";

const timeout = 300_000; // seconds of work, minutes on a crowded machine
const folder = mkdtempSync(join(tmpdir(), "ffi-addon-native-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!compiler)(
  "with a C compiler: the unit tests in C pass",
  () => {
    if (!compiler) return;
    const sanitize = asan !== undefined;
    const { path } = compile(compiler, { source: "test.c", kind: "program", folder, sanitize });
    const { exitCode, stderr } = Bun.spawnSync([path]);
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
  },
  timeout,
);

test.skipIf(!asan)(
  "with AddressSanitizer: a planted bug of each kind is found inside Bun",
  async () => {
    if (!compiler) return;
    const { path } = compile(compiler, { source: "planted.c", folder, sanitize: true });
    for (const [bug, finding] of [
      ["use-after-free", "heap-use-after-free"],
      ["overflow", "signed integer overflow"],
    ] as const) {
      const { exitCode, stderr } = await run([program("planted.ts"), path, bug], sanitized);
      expect(stderr).toContain(finding);
      expect(exitCode).not.toBe(0);
    }
  },
  timeout,
);

test.skipIf(!asan)(
  "with AddressSanitizer: random calls find no bug in the library",
  async () => {
    using project = createProject("sanitized");
    const env = { ...sanitized, FFI_BACKEND: "compiled" };
    const stdout = await runCleanly([program("fuzz.ts"), project.entry, "20000"], env);
    expect(stdout).toContain("20000 calls on compiled");
  },
  timeout,
);
