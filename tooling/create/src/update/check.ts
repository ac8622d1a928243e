// `check`: whether the template changed since the project was created or updated.
import type { ProjectOptions } from "../command/args.ts";
import { RUN } from "../command/definition.ts";
import { areEqual, type FileMap } from "../flatten/file-map.ts";
import { manifestIn } from "../flatten/manifest.ts";
import { compareVersions, planUpdate } from "./comparison.ts";
import { enterProject, projectDirectory, readProject } from "./record.ts";
import { changesJson, checkText } from "./report.ts";
import { openRepository } from "./repository.ts";
import type { Call, Outcome } from "./run.ts";
import { refuseUnfinished } from "./unfinished.ts";

const UPDATE_EXISTS = 3;
const MANIFEST = "package.json";

export async function check(
  { value }: ProjectOptions<"check">,
  { source, environment }: Call,
): Promise<Outcome> {
  const { variables } = environment;
  const project = readProject(projectDirectory(environment, value("project")));
  const requested = value("to");
  const target = requested === undefined ? "" : ` --to ${requested}`;
  const commands = [...enterProject(environment, value("project")), `${RUN} update${target}`];
  const { directory } = project;
  refuseUnfinished(directory);
  const request = { to: requested, add: [], remove: [] };
  const versions = await compareVersions(project, request, source, environment);
  const { from, to, base, next, changelog } = versions;
  const repository = await openRepository(directory, variables);
  const plan = await planUpdate(directory, versions, repository, variables);
  const isUpToDate = !changesTemplate(base, next);
  const changes = isUpToDate ? [] : plan.changes;
  return {
    json: {
      ok: true,
      ...{ directory, template: from.template, from: from.version, to: to.version, isUpToDate },
      changes: changesJson(changes),
      changelog,
    },
    text: (style, columns) =>
      checkText({ from, to, changes, changelog, isUpToDate, commands }, style, columns),
    exitCode: isUpToDate ? 0 : UPDATE_EXISTS,
  };
}

/** Whether the projects differ in more than the stamp. */
function changesTemplate(base: FileMap, next: FileMap): boolean {
  const paths = new Set([...base.keys(), ...next.keys()]);
  return [...paths].some((path) => {
    const [old, new_] = [base.get(path), next.get(path)];
    if (old === undefined || new_ === undefined) return true;
    return path === MANIFEST
      ? !Bun.deepEquals(unstamped(base), unstamped(next))
      : !areEqual(old, new_);
  });
}

function unstamped(project: FileMap): object {
  const { bunyard: _, ...manifest } = manifestIn(project);
  return manifest;
}
