// Adds a commit to the branch `template/<name>` of each starter: `bun run branches [revision] [--push <remote>]`
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { personalize } from "../command/project.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { flatten, partsOf } from "../flatten/flatten.ts";
import { manifestIn, section } from "../flatten/manifest.ts";
import { commitOnTop, tipOf } from "./branch.ts";
import { withLockfile } from "./lockfile.ts";
import { Snapshot } from "./snapshot.ts";

const root = resolve(import.meta.dir, "../../../..");
const LOCKFILE = "bun.lock";
const BRANCHES = "refs/heads/template";
/** Where the remote's branches are fetched to, so that local branches do not change. */
const FETCHED = "refs/bunyard/template";

async function projectOf(source: Snapshot, template: string): Promise<FileMap> {
  const files = await source.read([...partsOf(template), LOCKFILE]);
  return withLockfile(
    personalize(flatten(files, template), template, template),
    files.get(LOCKFILE) ?? new Uint8Array(),
  );
}

function messageFor(template: string, project: FileMap, source: Snapshot): string {
  const { version } = section(manifestIn(project), "bunyard");
  return `${template} ${version}\n\nMade from commit ${source.commit} of Bunyard.`;
}

async function main(revision: string, remote: string | undefined): Promise<void> {
  const source = await Snapshot.open(root, revision);
  if (remote !== undefined) {
    const all = `+${BRANCHES}/*:${FETCHED}/*`;
    await Bun.$`git -C ${root} fetch --quiet --no-tags --prune ${remote} ${all}`.quiet();
  }
  const moved = new Map<string, string>();
  for (const name of await source.list("templates")) {
    const project = await projectOf(source, name);
    const message = messageFor(name, project, source);
    const before = await tipOf(root, `${remote === undefined ? BRANCHES : FETCHED}/${name}`);
    const after = await commitOnTop(root, before, { project, message, time: source.time });
    console.log(`template/${name} ${after}${after === before ? " (unchanged)" : ""}`);
    if (after !== before) moved.set(name, after);
  }
  if (remote !== undefined) return push(remote, moved);
  for (const [name, commit] of moved)
    await Bun.$`git -C ${root} branch --force template/${name} ${commit}`.quiet();
}

/** Pushes without force and atomically: of two concurrent pushes one is refused, and either all branches move or none. */
async function push(remote: string, moved: ReadonlyMap<string, string>): Promise<void> {
  if (moved.size === 0) return;
  const refs = [...moved].map(([name, commit]) => `${commit}:${BRANCHES}/${name}`);
  await Bun.$`git -C ${root} push --quiet --atomic ${remote} ${refs}`.quiet();
}

try {
  const options = { push: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  await main(positionals[0] ?? "HEAD", values.push);
} catch (error) {
  console.error(error instanceof Bun.$.ShellError ? `${error.stderr}`.trim() : String(error));
  process.exitCode = 1;
}
