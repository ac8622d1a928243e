// `diff`: a patch of what the template changed, or of what the user changed.
import type { Options } from "../command/args.ts";
import { type FileMap, sorted } from "../flatten/file-map.ts";
import { compareVersions } from "./comparison.ts";
import { refuseUnfinished } from "./journal.ts";
import { inStyleOf } from "./merge-text.ts";
import { ownFiles } from "./own-files.ts";
import { projectDirectory, readProject } from "./record.ts";
import { openRepository, type Repository } from "./repository.ts";
import type { Call, Outcome } from "./run.ts";
import { createPatch } from "./trees.ts";

/** Written by package managers, not by the user. */
const LOCKFILE = /(^|\/)(bun\.lockb?|package-lock\.json|pnpm-lock\.yaml|yarn\.lock)$/;

export async function diff(
  { value, has }: Options<"project" | "to" | "mine" | "json" | "help">,
  { source, environment }: Call,
): Promise<Outcome> {
  const { variables } = environment;
  const project = readProject(projectDirectory(environment.cwd, value("project")));
  const { directory, stamp } = project;
  refuseUnfinished(directory);
  // The user's changes are those since the recorded version.
  const to = has("mine") ? stamp?.version : value("to");
  const wish = { to, add: [], remove: [] };
  const {
    from,
    to: target,
    base,
    next,
  } = await compareVersions(project, wish, source, environment);
  const repository = await openRepository(directory, variables);
  const after = has("mine") ? ownProject(directory, base, repository) : next;
  const patch = await createPatch(base, after, variables, repository?.prefix);
  const { template, version } = from;
  return {
    json: { ok: true, directory, template, from: version, to: target.version, patch },
    text: patch.replace(/\n$/, ""),
    exitCode: 0,
  };
}

/** The user's project: the files of git, or, outside of a repository, those that the template had. */
function ownProject(directory: string, base: FileMap, repository: Repository | undefined): FileMap {
  const read = ownFiles(directory, repository?.tracked);
  const paths = repository
    ? [...repository.tracked, ...repository.skipped, ...repository.untracked].filter(
        (path) => !LOCKFILE.test(path),
      )
    : [...base.keys()];
  return sorted(
    [...new Set([...paths, ...base.keys()])].flatMap((path) => {
      const own = read(path);
      if (own.kind !== "file") return [];
      const original = base.get(path);
      // A checkout with other line endings is not a change.
      const isSame =
        original !== undefined &&
        Buffer.compare(inStyleOf(own.content, original), own.content) === 0;
      return [[path, isSame && original.at(-1) === own.content.at(-1) ? original : own.content]];
    }),
  );
}
