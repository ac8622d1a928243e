// Memory is freed: by close(), or by a garbage collection if close() was forgotten.
import { expect, test } from "bun:test";
import { createProject, program, run } from "./project.ts";
import { compiler, tinycc } from "./toolchain.ts";

const timeout = 300_000; // Takes seconds on a quiet machine, minutes on a busy one.
const backend = compiler ? "compiled" : tinycc ? "tinycc" : "typescript";

async function growth(name: string): Promise<number> {
  using project = createProject(compiler ? "compiled" : "bare");
  const { stdout, stderr } = await run([program(name), project.entry], { FFI_BACKEND: backend });
  expect(stderr).toBe("");
  return Number(stdout);
}

test(
  "200 000 indexes that are created, searched and disposed do not enlarge the process",
  async () => {
    // A leak of one index's 256 bytes of vectors would add up to 48 MiB.
    expect(await growth("leak.ts")).toBeLessThan(16);
  },
  timeout,
);

test(
  "forgotten indexes are freed by the finalizer",
  async () => {
    // 200 indexes of 4 MiB each are made: without a finalizer the process would grow by 800 MiB.
    expect(await growth("forget.ts")).toBeLessThan(400);
  },
  timeout,
);
