// Publishes the outcome of a run: on the terminal, in files for programs, and in GitHub's step summary.
import { appendFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import type { Args } from "./args.ts";
import { failures } from "./cells.ts";
import { paintFor } from "./matrix.ts";
import { type Outcome, toJson, toText } from "./report.ts";
import { toMarkdown } from "./summary.ts";

/** How many lines of a failed cell's log are printed. */
const TAIL = 40;

type Run = Pick<Outcome, "matrix" | "ms" | "moved">;

export async function publish(run: Run, args: Args): Promise<void> {
  const outcome: Outcome = {
    ...run,
    date: new Date().toISOString(),
    bun: Bun.version,
    system: `${platform()} ${arch()}`,
    logs: new Map(await Promise.all(failures(run.matrix).map(({ log }) => tailOf(log)))),
  };
  const json = `${JSON.stringify(toJson(outcome), null, 2)}\n`;
  // With `--json -`, standard output is for the data alone.
  const stream = args.json === "-" ? process.stderr : process.stdout;
  stream.write(`${toText(outcome, paintFor(stream, process.env))}\n`);
  if (args.json === "-") process.stdout.write(json);
  else if (args.json !== undefined) await Bun.write(args.json, json);
  const { GITHUB_STEP_SUMMARY } = process.env;
  if (GITHUB_STEP_SUMMARY) await appendFile(GITHUB_STEP_SUMMARY, toMarkdown(outcome));
}

async function tailOf(log: string): Promise<readonly [path: string, text: string]> {
  const file = Bun.file(log);
  // On a full disk there may be no log.
  const text = (await file.exists()) ? await file.text() : "";
  const lines = Bun.stripANSI(text).trimEnd().split("\n");
  return [log, lines.slice(-TAIL).join("\n")];
}
