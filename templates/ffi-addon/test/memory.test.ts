// Memory is freed: by close(), or by a garbage collection if close() was forgotten.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createProject, program, runCleanly } from "./project.ts";
import { compiler, tinycc } from "./toolchain.ts";

const timeout = 300_000; // Takes seconds on a quiet machine, minutes on a busy one.
const backend = compiler ? "compiled" : tinycc ? "tinycc" : "typescript";

async function growth(name: string): Promise<number> {
  using project = createProject(compiler ? "compiled" : "bare");
  const args = [program(name), project.entry];
  return Number.parseFloat(await runCleanly(args, { FFI_BACKEND: backend }));
}

test.skipIf(process.platform === "win32")("a program that is killed is not a measurement", () => {
  const kill = 'process.kill(process.pid, "SIGKILL"); await Bun.sleep(60_000);';
  return expect(runCleanly(["-e", kill])).rejects.toThrow("SIGKILL");
});

test(
  "100 000 indexes that are created, searched and disposed do not enlarge the process",
  async () => {
    // A leak of one index's 256 bytes of vectors would add up to 24 MiB.
    expect(await growth("leak.ts")).toBeLessThan(8);
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

// bun --hot evaluates the module with the finalizer again.
test.skipIf(process.platform !== "linux")(
  "bun --hot frees the forgotten indexes of earlier evaluations",
  async () => {
    using project = createProject(compiler ? "compiled" : "bare");
    const copy = join(project.path, "reload.ts");
    await Bun.write(copy, Bun.file(program("reload.ts")));
    const env = { ENTRY: project.entry, FFI_BACKEND: backend };
    // The process would grow by 32 MiB in each of 15 reloads.
    expect(Number.parseFloat(await runCleanly(["--hot", copy], env))).toBeLessThan(240);
  },
  timeout,
);
