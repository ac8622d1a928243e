// Runs the tests of every workspace and of the repository, and ends with `N passed, N failed`.
import { readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { sum, summaryLine, type Tally, tallyOf } from "./tally.ts";

/** The part that is used here of the run summary that turbo writes to `.turbo/runs/`. */
interface RunSummary {
  readonly tasks: readonly {
    readonly taskId: string;
    readonly task: string;
    readonly command: string;
    readonly logFile: string;
    readonly execution?: { readonly exitCode: number | null };
  }[];
}

const root = join(import.meta.dir, "..");
const summaries = join(root, ".turbo", "runs");
const product = "@bunyard/test";
const inCI = process.env.CI === "true";
/** Only Linux runners have the engines: elsewhere their tests may skip. */
const everythingMustRun = inCI && process.platform === "linux";

const missing = ["REDIS_URL", "DATABASE_URL"].filter((name) => !process.env[name]);
if (everythingMustRun && missing.length > 0) {
  console.error(`Set ${missing.join(" and ")}: in CI the tests of the engines may not be skipped.`);
  console.error("0 passed, 1 failed");
  process.exit(1);
}

/**
 * The tests of the product come last and alone: they start every template's own commands,
 * two at a time, and would starve what runs beside them.
 */
const runs = [
  await runTurbo("test", "//#test:repository", `--filter=!${product}`),
  await runTurbo("test", `--filter=${product}`),
];

console.log();
const total = sum(runs.flatMap(({ tallies }) => tallies));
for (const name of total.skipped) console.log(`skipped: ${name}`);
const forbiddenSkips = everythingMustRun && total.skipped.length > 0;
if (forbiddenSkips) console.error("In CI nothing may be skipped.");
console.log(summaryLine(total));
const succeeded = runs.every(({ exitCode }) => exitCode === 0) && total.failed === 0;
process.exit(succeeded && !forbiddenSkips ? 0 : 1);

/** Runs test tasks to the end whatever fails, and counts what they ran. */
async function runTurbo(...tasks: string[]) {
  const concurrency = Math.max(2, Math.floor(availableParallelism() / 2));
  const before = await listSummaries();
  const turbo = Bun.spawn(
    [
      ...[process.execPath, "run", "turbo", "run", ...tasks],
      ...["--continue=always", "--summarize", `--concurrency=${concurrency}`],
      ...["--ui=stream", "--log-order=grouped", "--output-logs=new-only"],
      ...(inCI ? ["--force"] : []),
    ],
    {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  const exitCode = await turbo.exited;
  const [file] = (await listSummaries()).filter((name) => !before.includes(name));
  // Without a summary turbo itself failed, and has said why.
  if (file === undefined) return { exitCode, tallies: [tallyOf({ exitCode: 1, log: "" })] };
  const tallies = await readTallies(join(summaries, file));
  await rm(join(summaries, file));
  for (const [task, tally] of tallies) console.log(`${task}: ${summaryLine(tally)}`);
  return { exitCode, tallies: [...tallies.values()] };
}

async function listSummaries(): Promise<readonly string[]> {
  return await readdir(summaries).catch(() => []);
}

async function readTallies(path: string): Promise<ReadonlyMap<string, Tally>> {
  const { tasks }: RunSummary = await Bun.file(path).json();
  const tallies = new Map<string, Tally>();
  for (const { taskId, task, command, logFile, execution } of tasks) {
    if (!task.startsWith("test") || command === "<NONEXISTENT>") continue;
    const log = Bun.file(join(root, logFile));
    const text = (await log.exists()) ? await log.text() : "";
    tallies.set(taskId, tallyOf({ exitCode: execution?.exitCode ?? 1, log: text }));
  }
  return tallies;
}
