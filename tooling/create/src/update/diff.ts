// `diff`: a patch of what the template changed, or of what the user changed.
import type { ProjectOptions } from "../command/args.ts";
import { CreateError } from "../errors.ts";
import { areEqual, bytes, type FileMap, sorted } from "../flatten/file-map.ts";
import { compareVersions } from "./comparison.ts";
import { inStyleOf } from "./merge-text.ts";
import { ownFiles } from "./own-files.ts";
import { projectDirectory, readProject } from "./record.ts";
import { openRepository, type Repository } from "./repository.ts";
import type { Call, Outcome } from "./run.ts";
import { createPatch, type Modes } from "./trees.ts";
import { refuseUnfinished } from "./unfinished.ts";

/** Written by package managers, not by the user. */
const LOCKFILE = /(^|\/)(bun\.lockb?|package-lock\.json|pnpm-lock\.yaml|yarn\.lock)$/;

export async function diff(
  { value, has }: ProjectOptions<"diff">,
  { source, environment }: Call,
): Promise<Outcome> {
  const { variables } = environment;
  if (has("mine") && value("to") !== undefined) {
    throw new CreateError(
      "usage",
      "--mine cannot be combined with --to.",
      "Leave one of them out.",
    );
  }
  const project = readProject(projectDirectory(environment, value("project")));
  const { directory, stamp } = project;
  refuseUnfinished(directory);
  // The user's changes are those since the recorded version.
  const to = has("mine") ? stamp?.version : value("to");
  const request = { to, add: [], remove: [] };
  const versions = await compareVersions(project, request, source, environment);
  const { base, next, from } = versions;
  const repository = await openRepository(directory, variables);
  const { files, modes } = has("mine")
    ? ownProject(directory, base, repository)
    : { files: next, modes: new Map() };
  const { prefix, objectFormat } = repository ?? {};
  const patch = await createPatch(base, files, variables, { prefix, objectFormat, modes });
  const { template, version } = from;
  return {
    json: { ok: true, directory, template, from: version, to: versions.to.version, patch },
    text: () => patch.replace(/\n$/, ""),
    exitCode: 0,
  };
}

/** The user's project: the files of git, or, outside of a repository, those that the template had. */
function ownProject(
  directory: string,
  base: FileMap,
  repository: Repository | undefined,
): { readonly files: FileMap; readonly modes: Modes } {
  const read = ownFiles(directory, repository?.tracked);
  const isExecutable = repository?.isExecutable ?? ((_, mode) => (mode & 0o100) !== 0);
  const { tracked = [], skipped = [], untracked = [] } = repository ?? {};
  const added = [...tracked, ...skipped, ...untracked].filter((path) => !LOCKFILE.test(path));
  const files = new Map<string, Uint8Array>();
  const modes = new Map<string, "100755" | "120000">();
  for (const path of new Set([...base.keys(), ...added])) {
    const own = read(path);
    // Bun replaces bytes that are not UTF-8, so the file is not found, and the patch would lack it.
    if (own.kind === "missing" && path.includes("\uFFFD")) {
      const message = `The name of ${path} is not UTF-8, so the patch cannot contain the file.`;
      throw new CreateError("refused", message, "Rename it, and try again.");
    }
    if (own.kind === "file") {
      files.set(path, withoutStyle(own.content, base.get(path)));
      if (isExecutable(path, own.mode)) modes.set(path, "100755");
    } else if (own.kind === "link") {
      files.set(path, bytes(own.target));
      modes.set(path, "120000");
    }
  }
  return { files: sorted(files), modes };
}

/** The template's content if only the line endings differ: a checkout with other ones is not a change. */
function withoutStyle(own: Uint8Array, original: Uint8Array | undefined): Uint8Array {
  if (original === undefined || own.at(-1) !== original.at(-1)) return own;
  return areEqual(inStyleOf(own, original), own) ? original : own;
}
