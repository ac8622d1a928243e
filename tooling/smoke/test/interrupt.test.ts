// A run that is interrupted: no process keeps running, and no file is left.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "@bunyard/test/service";
import { Fixture, LIBRARY } from "./fixture.ts";

setDefaultTimeout(120_000);

/** A test that starts a process and never ends. Both process ids are written to a file. */
const STUCK = {
  ...LIBRARY,
  "main.test.ts": `import { test } from "bun:test";
    test("stuck", async () => {
      const child = Bun.spawn(["sleep", "1000"]);
      await Bun.write(process.env.TMPDIR + "/pids", process.pid + " " + child.pid);
      await child.exited;
    }, 1_000_000);\n`,
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(process.platform === "win32")("a run that is executing a test", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.open({ stuck: STUCK, service: {} });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  /** Starts a run, and waits until the endless test and the service are running. */
  async function start(): Promise<{ run: ReturnType<Fixture["spawn"]>; pids: readonly number[] }> {
    const file = join(fixture.temporary, "pids");
    const run = fixture.spawn(["--keep"]);
    const read = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
    await until("the test runs", () => /^\d+ \d+$/.test(read()));
    const pids = read().split(" ").map(Number);
    rmSync(file);
    expect(pids.map(isAlive)).toEqual([true, true]);
    return { run, pids };
  }

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s: 130, no process, no file",
    async (signal) => {
      const { run, pids } = await start();
      run.kill(signal);
      expect(await run.exited).toBe(130);
      await until("its processes are gone", () => !pids.some(isAlive));
      expect(await fixture.left()).toEqual([]);
      expect(await run.stderr.text()).not.toMatch(/error|failed/i);
    },
  );

  test("SIGKILL: no process keeps running", async () => {
    const { run, pids } = await start();
    run.kill("SIGKILL");
    await run.exited;
    await until("its processes are gone", () => !pids.some(isAlive));
  });
});
