// `adopt`: records the template and version of a project that has no record, so that it can be updated.
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProjectOptions } from "../command/args.ts";
import { RUN } from "../command/definition.ts";
import { withReadableMessage } from "../command/write-errors.ts";
import { CreateError } from "../errors.ts";
import { withDependents } from "../flatten/features.ts";
import { areEqual, type FileMap } from "../flatten/file-map.ts";
import { findTemplate } from "../sources/templates.ts";
import { createdBy, underUsableName } from "./comparison.ts";
import { setKey } from "./merge-json.ts";
import { inStyleOf } from "./merge-text.ts";
import { ownFiles } from "./own-files.ts";
import { enterProject, exactVersion, projectDirectory, readProject } from "./record.ts";
import { openRelease } from "./releases.ts";
import { adoptText } from "./report.ts";
import type { Call, Outcome } from "./run.ts";

export interface Likeness {
  /** Files as the template had them. */
  readonly same: number;
  readonly changed: number;
  readonly missing: number;
}

export async function adopt(
  { value, list }: ProjectOptions<"adopt">,
  { source, environment }: Call,
): Promise<Outcome> {
  const project = readProject(projectDirectory(environment, value("project")));
  const { directory } = project;
  if (project.stamp !== undefined) {
    const { template, version } = project.stamp;
    const message = `The project has a record already: ${template} ${version}.`;
    throw new CreateError("usage", message, `Run: ${RUN} update`);
  }
  const template = needed("template", value("template"));
  const version = exactVersion("--version", needed("version", value("version")));
  const release = await openRelease(version, source, directory, environment);
  const { features } = findTemplate(template, await release.list());
  const stamp = { template, version, without: withDependents(features, list("without") ?? []) };
  const created = await underUsableName(project, template, (named) =>
    createdBy(release, stamp, named),
  );
  const likeness = compare(directory, created);
  writeStamp(directory, stamp);
  const enter = enterProject(environment, value("project"));
  return {
    json: { ok: true, directory, ...stamp, files: likeness },
    text: (style, columns) => adoptText(stamp, likeness, enter, style, columns),
    exitCode: 0,
  };
}

function needed(option: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new CreateError(
    "usage",
    `--${option} is missing.`,
    "For example: adopt --template http-sse --version 0.1.0",
  );
}

function compare(directory: string, template: FileMap): Likeness {
  const own = ownFiles(directory, undefined);
  const count = { same: 0, changed: 0, missing: 0 };
  for (const [path, content] of template) {
    const file = own(path);
    if (file.kind === "missing") count.missing += 1;
    else if (file.kind === "file" && areEqual(file.content, inStyleOf(file.content, content))) {
      count.same += 1;
    } else count.changed += 1;
  }
  return count;
}

/** Replaces package.json atomically, and keeps its formatting. */
function writeStamp(
  directory: string,
  stamp: { template: string; version: string; without: readonly string[] },
): void {
  const file = realpathSync(join(directory, "package.json"));
  const staged = `${file}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    const text = setKey(readFileSync(file, "utf8"), "bunyard", stamp);
    writeFileSync(staged, text, { mode: statSync(file).mode & 0o777 });
    renameSync(staged, file);
  } catch (error) {
    rmSync(staged, { force: true });
    throw withReadableMessage(error, staged);
  }
}
