// The versions of create-bunyard: the one that runs, and others from the user's registry.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version as running } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { personalize } from "../command/project.ts";
import { nestingOf } from "../command/workspace.ts";
import { CreateError } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { isObject } from "../flatten/json.ts";
import type { Stamp } from "../flatten/manifest.ts";
import { openScratch } from "../scratch.ts";
import { directoryFiles } from "../sources/directory.ts";
import type { Template, TemplateSource } from "../sources/templates.ts";
import { type Result, run } from "../subprocess.ts";
import { parseJson } from "./merge-json.ts";
import { fetchPackage } from "./registry.ts";

type Contents = Pick<Stamp, "template" | "without">;

export interface Release {
  readonly list: () => Promise<readonly Template[]>;
  /** A project as this version creates it, under a name. */
  readonly project: (contents: Contents, name: string) => Promise<FileMap>;
  /** The text of its CHANGELOG.md; empty if it has none. */
  readonly changelog: () => string;
}

/** @param directory of the project: its registry settings apply */
export function openRelease(
  version: string,
  source: TemplateSource,
  directory: string,
  environment: Environment,
): Promise<Release> {
  return version === running
    ? Promise.resolve(runningRelease(source))
    : publishedRelease(version, directory, environment);
}

const runningRelease = (source: TemplateSource): Release => ({
  list: source.list,
  project: async ({ template, without }, name) =>
    personalize(await source.files(template, { without }), name, template),
  changelog: () => readOptional(source.changelog),
});

/** Runs the package's own command: only the code of a version knows exactly what it created. */
async function publishedRelease(
  version: string,
  directory: string,
  environment: Environment,
): Promise<Release> {
  const folder = await fetchPackage(version, directory, environment);
  return {
    list: () => list(folder, environment),
    project: (contents, name) => create(folder, contents, name, environment),
    changelog: () => readOptional(join(folder, "CHANGELOG.md")),
  };
}

/** Version 0.1.0 has no features, and no entry for them in its list. */
async function list(folder: string, environment: Environment): Promise<readonly Template[]> {
  const { stdout, output } = await runCommand(folder, ["--list", "--json"], environment);
  const templates = parseJson(stdout);
  if (Array.isArray(templates)) {
    return templates.map((template) => ({ features: [], ...template }));
  }
  throw new CreateError("fetch_failed", `The starters of that version are unknown: ${output}`);
}

async function create(
  folder: string,
  { template, without }: Contents,
  name: string,
  environment: Environment,
): Promise<FileMap> {
  using scratch = openScratch();
  const project = join(scratch.folder, "project");
  refuseTemporaryFolder(project);
  const features = without.length === 0 ? [] : ["--without", without.join(",")];
  const options = ["--template", template, ...features, "--name", name, "--json"];
  const args = [project, ...options, "--no-install", "--no-git"];
  const { exitCode, stdout, output } = await runCommand(folder, args, environment);
  if (exitCode === 0) return directoryFiles(project);
  const { code, message = output } = errorIn(stdout);
  throw new CreateError(
    code === "invalid_name" ? code : "fetch_failed",
    `The recorded version of ${template} could not be created again: ${message}`,
    'Correct the entry "bunyard" in package.json if it was edited.',
  );
}

function runCommand(
  folder: string,
  args: readonly string[],
  { bun, variables, signal }: Environment,
): Promise<Result> {
  // With npm's variable, the old version would refuse npm's settings as options without a `--`.
  const { npm_command: _, ...env } = variables;
  return run({ command: [bun, join(folder, "create.js"), ...args], cwd: folder, env, signal });
}

/** A Biome configuration or a workspace around it would change what is created. */
function refuseTemporaryFolder(project: string): void {
  const { isBelowBiome, workspace } = nestingOf(project);
  const around = isBelowBiome ? "below a Biome configuration" : workspace && "in a workspace";
  if (around === undefined) return;
  const message = `The temporary folder ${tmpdir()} is ${around}, so the recorded version cannot be created there.`;
  throw new CreateError("refused", message, "Set TMPDIR to another folder, and try again.");
}

/** The error in the output of `--json`. */
function errorIn(stdout: string): { readonly code?: string; readonly message?: string } {
  const report = parseJson(stdout);
  return isObject(report) && isObject(report.error) ? report.error : {};
}

function readOptional(file: string | undefined): string {
  if (file === undefined) return "";
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
