// Hostile calls in child processes: no argument may crash one.
import { expect, test } from "bun:test";
import { createProject, program, runCleanly } from "./project.ts";
import { cBackends } from "./toolchain.ts";

test.each(cBackends)(
  "50 000 hostile calls on %s",
  async (backend) => {
    using project = createProject(backend === "compiled" ? "compiled" : "bare");
    const env = { FFI_BACKEND: backend };
    const args = [program("fuzz.ts"), project.entry, "50000"];
    expect(await runCleanly(args, env)).toContain(`50000 calls on ${backend}`);
  },
  300_000,
);
