// Reads what a created project records about its origin: the stamp in package.json.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { RUN } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { changeDirectory } from "../command/shell.ts";
import { resolveTarget } from "../command/target.ts";
import { ancestors } from "../command/workspace.ts";
import { CreateError, systemCode } from "../errors.ts";
import { isObject, type JsonObject } from "../flatten/json.ts";
import type { Stamp } from "../flatten/manifest.ts";
import { parseJson } from "./merge-json.ts";

/** A version that the registry may have: exact, without a range or a tag. */
const EXACT = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\w.-]+)?(\+[\w.-]+)?$/;

type Location = Pick<Environment, "cwd" | "home">;

export interface Project {
  /** Absolute. */
  readonly directory: string;
  readonly name: string;
  /** Undefined for a project that was not created by create-bunyard, or before it recorded versions. */
  readonly stamp: Stamp | undefined;
}

/**
 * The directory of the nearest package.json: the command also works below a project's root.
 * @param named with `--project`, as it was typed
 */
export function projectDirectory(environment: Location, named: string | undefined): string {
  const { cwd } = environment;
  if (named !== undefined) return resolveTarget(named, environment);
  return [cwd, ...ancestors(cwd)].find((path) => existsSync(join(path, "package.json"))) ?? cwd;
}

/** The command that enters the project, if the user named it: the commands after it are for the current directory. */
export function enterProject(environment: Location, named: string | undefined): readonly string[] {
  const command =
    named === undefined
      ? undefined
      : changeDirectory(relative(environment.cwd, projectDirectory(environment, named)));
  return command === undefined ? [] : [command];
}

/** @throws {CreateError} `usage` without a readable package.json */
export function readProject(directory: string): Project {
  const manifest = requireManifest(directory);
  const { name } = manifest;
  return {
    directory,
    name: typeof name === "string" ? name : "",
    stamp: stampOf(manifest.bunyard),
  };
}

/** @throws {CreateError} `usage` for a project without a stamp */
export function requireStamp({ directory, stamp }: Project): Stamp {
  if (stamp !== undefined) return stamp;
  throw new CreateError(
    "usage",
    `${join(directory, "package.json")} does not record a starter and its version.`,
    `Record them with: ${RUN} adopt --template <name> --version <version>`,
  );
}

function stampOf(value: unknown): Stamp | undefined {
  if (!isObject(value)) return undefined;
  const { template, version, without } = value;
  if (typeof template !== "string" || typeof version !== "string" || !EXACT.test(version)) {
    return undefined;
  }
  return { template, version, without: Array.isArray(without) ? without.map(String) : [] };
}

function requireManifest(directory: string): JsonObject {
  const file = join(directory, "package.json");
  const manifest = parseJson(read(file));
  if (isObject(manifest)) return manifest;
  throw new CreateError(
    "usage",
    `${file} is not a valid JSON object.`,
    "Repair it, and try again.",
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CreateError(
      "usage",
      systemCode(cause) === "ENOENT" ? `${file} does not exist.` : `${file} cannot be read.`,
      "Run the command in the folder of a created project.",
      { cause },
    );
  }
}

/** @throws {CreateError} `usage` for anything other than an exact version */
export function exactVersion(option: string, value: string): string {
  if (EXACT.test(value)) return value;
  const message = `${option} needs an exact version, and "${value}" is not one.`;
  throw new CreateError("usage", message, `For example: ${option} 1.2.3`);
}
