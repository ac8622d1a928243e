// The command `bun run bun-notes`: runs the tests of docs/bun-notes.md, and prints which verdicts changed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installBun } from "./install-bun.ts";
import { readReport } from "./report.ts";

const USAGE = `Usage: bun run bun-notes [--bun <version>]

Runs the tests of docs/bun-notes.md, and prints which verdicts changed.

  --bun <version>  with another Bun from npm, for example 1.4.6 or latest
  --help           print this

Exit codes: 0 no verdict changed, 3 at least one changed, 1 the tests could not run, 2 wrong usage.`;

const OPTIONS = { bun: { type: "string" }, help: { type: "boolean" } } as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Runs the tests with this Bun, and returns the exit code of the command. */
async function compare(bun: string, folder: string): Promise<number> {
  const output = join(folder, "report.xml");
  const reporter = ["--reporter=junit", `--reporter-outfile=${output}`];
  const child = Bun.spawn([bun, "test", ...reporter, "./bun-notes"], {
    cwd: join(import.meta.dir, ".."),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = await child.stderr.text();
  const code = await child.exited;
  const report = await readReport(output);
  if (report === undefined || (code !== 0 && report.failed.length === 0)) {
    console.error(stderr);
    console.error(`The tests could not run: bun test exited with ${code}.`);
    return 1;
  }
  const { version, passed, failed, skipped } = { version: await versionOf(bun), ...report };
  for (const title of failed) console.log(`changed: ${title}`);
  for (const title of skipped) console.log(`skipped: ${title}`);
  console.log(
    `Bun ${version}: ${passed} as the page says, ${failed.length} changed, ${skipped.length} skipped.`,
  );
  return failed.length === 0 ? 0 : 3;
}

async function versionOf(bun: string): Promise<string> {
  return (await Bun.spawn([bun, "--version"], { stdout: "pipe" }).stdout.text()).trim();
}

const { bun, help } = parse(process.argv.slice(2));
if (help) {
  console.log(USAGE);
  process.exit(0);
}
const folder = await mkdtemp(join(tmpdir(), "bun-notes-"));
try {
  const program = bun === undefined ? process.execPath : await installBun(bun, folder);
  process.exitCode = await compare(program, folder);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
