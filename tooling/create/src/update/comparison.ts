// Prepares what check, diff and update compare: the template as it was, and as it is.
import { RUN, version as running } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { nameProblem } from "../command/names.ts";
import { placeIn } from "../command/project.ts";
import { shellQuoted } from "../command/shell.ts";
import { nestingOf } from "../command/workspace.ts";
import { CreateError } from "../errors.ts";
import { type FileMap, text } from "../flatten/file-map.ts";
import { isObject } from "../flatten/json.ts";
import { manifestIn, type Stamp } from "../flatten/manifest.ts";
import type { Template, TemplateSource } from "../sources/templates.ts";
import type { Variables } from "../subprocess.ts";
import { type ChangelogSection, changelogBetween } from "./changelog.ts";
import { featuresAfter } from "./features.ts";
import { parseJson } from "./merge-json.ts";
import { type Own, ownFiles } from "./own-files.ts";
import { type MergePlan, planMerge } from "./plan.ts";
import { exactVersion, type Project, requireStamp } from "./record.ts";
import { openRelease, type Release } from "./releases.ts";
import { labelsOf } from "./report.ts";
import type { Repository } from "./repository.ts";
import { findRenames } from "./trees.ts";

/** What to compare the project with. */
export interface UpdateRequest {
  /** Version; undefined for the one that runs. */
  readonly to: string | undefined;
  /** Features to bring back. */
  readonly add: readonly string[];
  /** Features to leave out. */
  readonly remove: readonly string[];
}

export interface Versions {
  readonly from: Stamp;
  readonly to: Stamp;
  readonly base: FileMap;
  readonly next: FileMap;
  readonly changelog: readonly ChangelogSection[];
}

/** @throws {CreateError} `usage`, `unknown_template`, `unknown_feature`, `fetch_failed` */
export async function compareVersions(
  project: Project,
  request: UpdateRequest,
  source: TemplateSource,
  environment: Environment,
): Promise<Versions> {
  const from = requireStamp(project);
  const version = request.to === undefined ? running : exactVersion("--to", request.to);
  if (request.to === undefined && Bun.semver.order(from.version, running) > 0) {
    throw new CreateError(
      "refused",
      `This is create-bunyard ${running}, and the project is from ${from.version}.`,
      `Run: ${RUN} ${environment.argv.map(shellQuoted).join(" ")}`,
    );
  }
  const { directory } = project;
  const target = await openRelease(version, source, directory, environment);
  const without = featuresAfter(
    recordedIn(await target.list(), from.template, version).features,
    from.without,
    request,
  );
  const to = { template: from.template, version, without };
  const old =
    version === from.version
      ? target
      : await openRelease(from.version, source, directory, environment);
  const [base, next] = await underUsableName(project, from.template, (named) =>
    Promise.all([createdBy(old, from, named), createdBy(target, to, named)]),
  );
  const concerned = { template: from.template, isService: next.has("src/lib/service.ts") };
  const changelog = changelogBetween(target.changelog(), concerned, from.version, version);
  return { from, to, base, next, changelog };
}

function recordedIn(templates: readonly Template[], name: string, version: string): Template {
  const template = templates.find((candidate) => candidate.name === name);
  if (template) return template;
  throw new CreateError(
    "unknown_template",
    `package.json records the starter "${name}", which create-bunyard ${version} does not have.`,
    `Correct the entry "bunyard". The starters are: ${templates.map((known) => known.name).join(", ")}.`,
  );
}

/**
 * Plans the merge. Also returns the user's files as the plan read them.
 * @param repository undefined if the project is not in one
 */
export async function planUpdate(
  directory: string,
  { from, to, base, next: created }: Omit<Versions, "changelog">,
  repository: Pick<Repository, "tracked"> | undefined,
  variables: Variables,
): Promise<MergePlan & { readonly own: (path: string) => Own }> {
  const own = ownFiles(directory, repository?.tracked);
  const next = withoutForeignLicense(base, created, own("package.json"));
  const renames = await findRenames(base, next, variables);
  const input = { base, next, own, renames, labels: labelsOf(from, to), variables };
  const { changes, writes } = await planMerge(input);
  return { changes, writes, own };
}

/** The licence of the starter is not added to a project whose package.json names another one, or none. */
function withoutForeignLicense(base: FileMap, next: FileMap, manifest: Own): FileMap {
  const mine = manifest.kind === "file" ? parseJson(text(manifest.content)) : undefined;
  const isSame = !isObject(mine) || mine.license === manifestIn(next).license;
  if (isSame || base.has("LICENSE")) return next;
  return new Map([...next].filter(([path]) => path !== "LICENSE"));
}

/**
 * Creates the projects to compare, under the name of the user's. If a version refuses that name, for example because the
 * template depends on it, all of them get the template's name, and the user's name counts as an edit.
 */
export async function underUsableName<T>(
  project: Project,
  template: string,
  create: (named: Project) => Promise<T>,
): Promise<T> {
  const fallback = { ...project, name: template };
  if (nameProblem(project.name) !== undefined) return create(fallback);
  try {
    return await create(project);
  } catch (error) {
    if (error instanceof CreateError && error.code === "invalid_name") return create(fallback);
    throw error;
  }
}

/** Creates the project of a release, as it would be in the directory of the user's. */
export async function createdBy(
  release: Release,
  stamp: Stamp,
  { directory, name }: Project,
): Promise<FileMap> {
  return placeIn(await release.project(stamp, name), nestingOf(directory));
}
