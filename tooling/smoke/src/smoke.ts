// A complete run: packs, runs the cells of the chosen starters, reports, and cleans up.
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type Args, UsageError } from "./args.ts";
import { fill } from "./board.ts";
import { failures, isGreen, type Starter } from "./cells.ts";
import { packTree, unpack } from "./package.ts";
import { openProgress } from "./progress.ts";
import { publish } from "./publish.ts";
import { Scene } from "./scene.ts";

/** Test suites start servers and browsers. With more of them at a time, they would time out. */
const JOBS = Math.max(2, Math.floor(availableParallelism() / 2));

/**
 * @returns the exit code: 0 if every cell passed, 1 if one failed.
 * @throws {UsageError} on an unknown starter; any error once `interrupt` is aborted.
 */
export async function smoke(args: Args, interrupt: AbortSignal): Promise<number> {
  const started = performance.now();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-smoke-")));
  const projects = join(folder, "projects");
  const logs = join(folder, "logs");
  let failedLogs: readonly string[] = [];
  try {
    await Promise.all([mkdir(projects), mkdir(logs)]);
    const tarball = args.package ?? (await packTree(folder, interrupt));
    const { command, starters } = await unpack(tarball, folder);
    const entries = chosen(starters, args.template).map((starter) => ({
      starter,
      work: new Scene(starter, { command, projects, logs }, args),
    }));
    const progress = openProgress(process.stderr, process.env);
    interrupt.addEventListener("abort", () => {
      progress.end();
      process.stderr.write("Stopping, and removing temporary files …\n");
    });
    const matrix = await fill(entries, {
      jobs: JOBS,
      signal: interrupt,
      report: progress.report,
    }).finally(progress.end);
    interrupt.throwIfAborted();
    failedLogs = failures(matrix).map(({ log }) => log);
    const moved = new Map(
      args.drift ? entries.map(({ starter, work }) => [starter.name, work.moved]) : [],
    );
    await publish({ matrix, ms: performance.now() - started, moved }, args);
    if (args.keep) console.error(`Kept: ${folder}`);
    return isGreen(matrix) ? 0 : 1;
  } finally {
    if (interrupt.aborted || !args.keep)
      await clear(folder, logs, interrupt.aborted ? [] : failedLogs);
  }
}

/** The chosen starters, or all. @throws {UsageError} on an unknown one. */
function chosen(starters: readonly Starter[], names: readonly string[]): readonly Starter[] {
  const known = [...new Set(starters.map(({ template }) => template))];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no starter ${unknown.join(", ")}. The starters are: ${known.join(", ")}.`,
    );
  }
  return names.length === 0
    ? starters
    : starters.filter(({ template }) => names.includes(template));
}

/** Removes the files of a run, except the logs of failed cells. */
async function clear(folder: string, logs: string, kept: readonly string[]): Promise<void> {
  if (kept.length === 0) return await rm(folder, { recursive: true, force: true });
  const inFolder = (await readdir(folder)).map((name) => join(folder, name));
  const inLogs = (await readdir(logs)).map((name) => join(logs, name));
  const obsolete = [...inFolder, ...inLogs].filter((path) => path !== logs && !kept.includes(path));
  await Promise.all(obsolete.map((path) => rm(path, { recursive: true, force: true })));
}
