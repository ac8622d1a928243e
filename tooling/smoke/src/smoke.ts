// A whole run: packs, runs the cells of the starters that were asked for, reports, and cleans up after itself.
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

/** Suites start servers and browsers: more at a time than this and they starve one another. */
const JOBS = Math.max(2, Math.floor(availableParallelism() / 2));

/**
 * @returns the exit code: 0 all is green, 1 something is red.
 * @throws {UsageError} on a starter that the package does not have; anything once `interrupt` is aborted.
 */
export async function smoke(args: Args, interrupt: AbortSignal): Promise<number> {
  const started = performance.now();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-smoke-")));
  const projects = join(folder, "projects");
  const logs = join(folder, "logs");
  let red: readonly string[] = [];
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
      process.stderr.write("Stopping what runs, and taking it away …\n");
    });
    const matrix = await fill(entries, {
      jobs: JOBS,
      signal: interrupt,
      report: progress.report,
    }).finally(progress.end);
    interrupt.throwIfAborted();
    red = failures(matrix).map(({ log }) => log);
    const moved = new Map(
      args.drift ? entries.map(({ starter, work }) => [starter.name, work.moved]) : [],
    );
    await publish({ matrix, ms: performance.now() - started, moved }, args);
    if (args.keep) console.error(`Kept: ${folder}`);
    return isGreen(matrix) ? 0 : 1;
  } finally {
    if (interrupt.aborted || !args.keep) await clear(folder, logs, interrupt.aborted ? [] : red);
  }
}

/** The starters that were asked for, or all. @throws {UsageError} on an unknown one. */
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

/** Removes what a run has made, but for the logs of red cells. */
async function clear(folder: string, logs: string, red: readonly string[]): Promise<void> {
  if (red.length === 0) return await rm(folder, { recursive: true, force: true });
  const inFolder = (await readdir(folder)).map((name) => join(folder, name));
  const inLogs = (await readdir(logs)).map((name) => join(logs, name));
  const obsolete = [...inFolder, ...inLogs].filter((path) => path !== logs && !red.includes(path));
  await Promise.all(obsolete.map((path) => rm(path, { recursive: true, force: true })));
}
