// Writes the starters to `.bun-create/`, where `bun create <starter>` looks first. Replaces the folder atomically.
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { personalize } from "../command/project.ts";
import { systemCode } from "../errors.ts";
import { bytes, type FileMap } from "../flatten/file-map.ts";
import { printManifest } from "../flatten/json.ts";
import { manifestIn } from "../flatten/manifest.ts";
import { openClone } from "../sources/clone.ts";
import { withLockfile } from "./lockfile.ts";

const root = resolve(import.meta.dir, "../../../..");
const FOLDER = ".bun-create";

/** Adds the command that Bun prints as the next step. Bun removes this section from the project. */
function withHint(project: FileMap): FileMap {
  const hinted = { ...manifestIn(project), "bun-create": { start: "bun run dev" } };
  return new Map([...project, ["package.json", bytes(printManifest(hinted))]]);
}

/** Includes the lockfile, because Bun commits before it installs. */
async function writeTemplates(folder: string): Promise<readonly string[]> {
  const clone = openClone(root);
  const lockfile = await readFile(join(root, "bun.lock"));
  const names = (await clone.list()).map(({ name }) => name);
  for (const name of names) {
    const project = withHint(
      await withLockfile(personalize(await clone.files(name), name, name), lockfile),
    );
    for (const [path, content] of project) await Bun.write(join(folder, name, path), content);
  }
  return names;
}

/** Renames the old folder away and the new one to its path. Retries if a concurrent run was faster. */
async function replace(target: string, staged: string, trash: string): Promise<void> {
  try {
    await rename(target, join(trash, crypto.randomUUID()));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  try {
    await rename(staged, target);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
    await replace(target, staged, trash);
  }
}

const cache = join(root, ".cache");
await mkdir(cache, { recursive: true });
const scratch = await mkdtemp(join(cache, "bun-create-"));
try {
  const staged = join(scratch, "new");
  const names = await writeTemplates(staged);
  await replace(join(root, FOLDER), staged, scratch);
  console.log(`Wrote ${names.join(", ")} to ${FOLDER}/. Now, for example:\n`);
  console.log(`  bun create ${names.at(-1)} ../my-app`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
