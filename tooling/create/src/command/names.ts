// Package names: made from a directory's name, and held to the rules of npm and of Windows.
import { builtinModules } from "node:module";
import { CreateError } from "../errors.ts";

const MAX_LENGTH = 214;
const RESERVED = new Set(["node_modules", "favicon.ico", ...builtinModules]);
/** Windows opens a device instead of a file of such a name, whatever its extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** The name that a directory suggests: `My App` → `my-app`, `Café` → `cafe`; empty if nothing is left. */
export function normalizeName(directory: string): string {
  return directory
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/~/g, "-")
    .replace(/^[-._]+|[-.]+$/g, "");
}

/** Why npm (for a new package) or Windows would refuse the name; undefined for a good one. */
export function nameProblem(name: string): string | undefined {
  const [, scope, base = ""] = /^(?:@([^/]*)\/)?(.*)$/s.exec(name) ?? [];
  if (base === "" || scope === "") return "it is empty";
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  for (const part of [scope, base]) {
    if (part === undefined) continue;
    if (/^[._-]/.test(part)) return "it starts with a dot, an underscore or a dash";
    if (!/^[a-z0-9._-]+$/.test(part)) {
      return "it may hold only lower-case letters, digits, dots, dashes and underscores";
    }
    if (WINDOWS_DEVICE.test(part)) return "Windows reserves it for a device";
  }
  if (scope === undefined && RESERVED.has(base)) return "it is reserved";
  return undefined;
}

/**
 * The package's name: the one that was asked for, as it is, or the directory's, normalised.
 * @throws {CreateError} `invalid_name`
 */
export function packageName(asked: string | undefined, directory: string): string {
  if (WINDOWS_DEVICE.test(directory)) {
    throw new CreateError(
      "invalid_name",
      `A directory can't be called "${directory}": Windows reserves the name for a device.`,
      "Choose another directory.",
    );
  }
  const name = asked ?? normalizeName(directory);
  const problem =
    asked === undefined && name === ""
      ? "no character of it is a Latin letter or a digit"
      : nameProblem(name);
  if (problem === undefined) return name;
  const better = normalizeName(asked ?? "");
  throw new CreateError(
    "invalid_name",
    `"${name || directory}" can't be the package's name: ${problem}.`,
    asked !== undefined && nameProblem(better) === undefined
      ? `Use --name ${better}`
      : "Choose one with --name <package-name>.",
  );
}
