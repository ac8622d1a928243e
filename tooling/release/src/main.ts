// The command `bun run release <version>`: prepares a release as one commit with a tag. The release workflow publishes it.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ReleaseError } from "@bunyard/shared/release";
import { release } from "./release.ts";

const USAGE = `Usage: bun run release <patch | minor | major | version> [--dry-run]

Moves the entries under [Unreleased] in CHANGELOG.md to the new version, sets the version of every workspace, packs
create-bunyard, checks the tarball, then commits and tags. Push both, and the release workflow publishes the package.

  --dry-run   do everything in a temporary work tree, print what would be committed, and change nothing
  --help      print this`;

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: { "dry-run": { type: "boolean", default: false }, help: { type: "boolean" } },
    });
  } catch (cause) {
    throw new ReleaseError(cause instanceof Error ? cause.message : String(cause), 2);
  }
}

// The temporary work tree is removed before the exit.
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interrupt.abort());
}
try {
  const { values, positionals } = parse(process.argv.slice(2));
  const [request, extra] = positionals;
  if (values.help) console.log(USAGE);
  else if (request === undefined || extra !== undefined) throw new ReleaseError(USAGE, 2);
  else {
    const { version, files, notes } = await release({
      root: resolve(import.meta.dir, "../../.."),
      request,
      date: new Date().toISOString().slice(0, 10),
      dryRun: values["dry-run"],
      signal: interrupt.signal,
    });
    console.log(files.map((file) => `  ${file}`).join("\n"));
    console.log(`\n${notes}\n`);
    console.log(
      values["dry-run"]
        ? `Version ${version} can be released. Nothing was changed.`
        : `Version ${version} is committed and tagged. To publish it:\n  git push origin HEAD v${version}`,
    );
  }
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error("Interrupted: nothing was changed.");
    process.exitCode = 130;
  } else if (error instanceof ReleaseError) {
    console.error(error.message);
    process.exitCode = error.exitCode;
  } else throw error;
}
