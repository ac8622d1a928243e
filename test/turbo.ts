// Runs test tasks with Turborepo and counts their tests, cached or not.
import { mkdir, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { suitesIn, type Tally, tallyOf } from "./tally.ts";
import { root } from "./workspaces.ts";

/** The part of Turborepo's run summary in `.turbo/runs/` that is used here. */
interface RunSummary {
  readonly tasks: readonly {
    readonly taskId: string;
    readonly task: string;
    readonly command: string;
    readonly logFile: string;
    /** Missing if the task never started. */
    readonly execution?: { readonly exitCode: number | null };
  }[];
}

export interface TurboRun {
  readonly succeeded: boolean;
  /** By task, for example `create-bunyard#test`, or by the name of a suite that a task has run. */
  readonly tallies: ReadonlyMap<string, Tally>;
}

const summaries = join(root, ".turbo", "runs");
/** Test suites start servers and browsers. With more of them at a time, they would time out. */
const concurrency = Math.max(2, Math.floor(availableParallelism() / 2));

/** Runs `turbo run` with these arguments. A failed task does not stop the others. */
export async function runTurbo(...args: string[]): Promise<TurboRun> {
  await mkdir(summaries, { recursive: true });
  const before = await readdir(summaries);
  const turbo = Bun.spawn(
    [
      ...[process.execPath, "run", "turbo", "run", ...args],
      ...["--continue=always", "--summarize", `--concurrency=${concurrency}`],
      ...["--ui=stream", "--log-order=grouped", "--output-logs=new-only"],
    ],
    {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const succeeded = (await turbo.exited) === 0;
  const [summary] = (await readdir(summaries)).filter((name) => !before.includes(name));
  if (summary === undefined) {
    // Turborepo itself failed, and has printed the reason.
    return { succeeded, tallies: new Map([["turbo", tallyOf({ exitCode: 1, log: "" })]]) };
  }
  const path = join(summaries, summary);
  const tallies = await readTallies(await Bun.file(path).json());
  await rm(path);
  return { succeeded, tallies };
}

async function readTallies({ tasks }: RunSummary): Promise<ReadonlyMap<string, Tally>> {
  const tests = tasks.filter(
    ({ task, command }) => task.startsWith("test") && command !== "<NONEXISTENT>",
  );
  const entries = tests.map(async ({ taskId, logFile, execution }) => {
    const file = Bun.file(join(root, logFile));
    const log = execution !== undefined && (await file.exists()) ? await file.text() : "";
    const tally = tallyOf({ exitCode: execution?.exitCode ?? 1, log });
    return [[taskId, tally] as const, ...suitesIn(log)];
  });
  return new Map((await Promise.all(entries)).flat());
}
