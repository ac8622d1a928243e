// The bun.lock of a project, cut out of the repository's: the versions that were tested, found without a network.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes, type FileMap, sorted, text } from "../flatten/file-map.ts";
import { DEPENDENCY_GROUPS, type Manifest, parseManifest, section } from "../flatten/manifest.ts";
import { broken } from "../flatten/rules.ts";
import { run } from "../subprocess.ts";

const FILE = "bun.lock";

/** What is read here of a bun.lock. */
interface Lockfile {
  readonly packages: Readonly<Record<string, readonly [id: string, ...unknown[]]>>;
}

/**
 * The project with a lockfile that `bun install --frozen-lockfile` accepts. It names no project, so
 * that it stays as it is under whatever name the project gets.
 * @param repository the repository's bun.lock
 * @throws {CreateError} `broken_template` if the two don't fit
 */
export async function withLockfile(project: FileMap, repository: Uint8Array): Promise<FileMap> {
  const folder = await mkdtemp(join(tmpdir(), "bunyard-lock-"));
  try {
    const manifest = text(project.get("package.json") ?? new Uint8Array());
    await Bun.write(join(folder, "package.json"), manifest);
    const file = Bun.file(join(folder, FILE));
    await file.write(seed(text(repository), parseManifest(manifest, "package.json")));
    const command = [process.execPath, "install", "--lockfile-only"];
    const { exitCode, output } = await run({ command, cwd: folder, env: process.env });
    if (exitCode !== 0) throw broken(FILE, `does not fit the template: ${output}`);
    return sorted([...project, [FILE, bytes(withoutRegistry(await file.text()))]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The repository's lockfile as if the project were its only member. What the project asks for is then
 * known already, so Bun has nothing to look up: it drops what nobody needs any more.
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

/** A machine with a registry of its own leaves that registry's address with every package. */
const withoutRegistry = (lockfile: string): string =>
  lockfile.replaceAll(/^( {4}"[^"]+": \["[^"]+", )"https?:[^"]+"/gm, '$1""');
