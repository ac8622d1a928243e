// Derives a project's bun.lock from the repository's, without a network: the versions that were tested.
import { join } from "node:path";
import { bytes, type FileMap, sorted, text } from "../flatten/file-map.ts";
import { DEPENDENCY_GROUPS, type Manifest, manifestIn, section } from "../flatten/manifest.ts";
import { broken } from "../flatten/rules.ts";
import { openScratch } from "../scratch.ts";
import { run } from "../subprocess.ts";

const FILE = "bun.lock";

/** The part of a bun.lock that is read here. */
interface Lockfile {
  readonly packages: Readonly<Record<string, readonly [id: string, ...unknown[]]>>;
}

/**
 * Returns the project with a lockfile that `bun install --frozen-lockfile` accepts. The lockfile does not contain the
 * project's name, which changes later.
 * @param repository the repository's bun.lock
 * @throws {CreateError} `broken_template` if the lockfile does not match the template
 */
export async function withLockfile(project: FileMap, repository: Uint8Array): Promise<FileMap> {
  using scratch = openScratch();
  const { folder } = scratch;
  const manifest = manifestIn(project);
  await Bun.write(join(folder, "package.json"), JSON.stringify(manifest));
  const file = Bun.file(join(folder, FILE));
  await file.write(seed(text(repository), manifest));
  const command = [process.execPath, "install", "--lockfile-only"];
  const { exitCode, output } = await run({ command, cwd: folder, env: process.env });
  if (exitCode !== 0) throw broken(FILE, `does not fit the template: ${output}`);
  return sorted([...project, [FILE, bytes(withoutRegistry(await file.text()))]]);
}

/**
 * Returns the repository's lockfile as if the project were its only workspace. Every version is then known, so Bun
 * makes no request, and removes the packages that the project does not need.
 */
function seed(repository: string, manifest: Manifest): string {
  const { packages, ...rest } = Bun.JSONC.parse(repository) as Lockfile;
  const groups = DEPENDENCY_GROUPS.filter((group) => group in manifest);
  const project = Object.fromEntries(groups.map((group) => [group, section(manifest, group)]));
  const published = Object.entries(packages).filter(([, [id]]) => !id.includes("@workspace:"));
  return JSON.stringify({
    ...rest,
    workspaces: { "": project },
    packages: Object.fromEntries(published),
  });
}

/** Removes the registry's address, which a machine with another registry writes to every package. */
const withoutRegistry = (lockfile: string): string =>
  lockfile.replaceAll(/^( {4}"[^"]+": \["[^"]+", )"https?:[^"]+"/gm, '$1""');
