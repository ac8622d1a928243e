// Package names: derived from a directory's name, and held to the rules of npm and Windows.
import { builtinModules } from "node:module";
import { basename, parse, sep } from "node:path";
import { CreateError } from "../errors.ts";

const MAX_LENGTH = 214;
/** Bun imports its own module for the last four, although `builtinModules` lacks them. */
const RESERVED = new Set([
  ...["node_modules", "favicon.ico", ...builtinModules],
  ...["ffi", "node-fetch", "isomorphic-fetch", "abort-controller"],
]);
/** Windows opens a device instead of a file with such a name, whatever its extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/**
 * PATH separates folders with a colon, Bun and tsc misread the other characters, and Bun replaces bytes that are not UTF-8
 * with U+FFFD, so that the path would be that of another directory. Biome and tsc skip node_modules, and .git is git's own.
 */
const MISREAD = /[\\:*?\uFFFD]|(?<=^|\/)(?:node_modules|\.git)(?=\/|$)/;

/** The name that a directory suggests: `My App` → `my-app`, `Café` → `cafe`; empty if no character remains. */
export function normalizeName(directory: string): string {
  return directory
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/~/g, "-")
    .replace(/^[-._]+|[-.]+$/g, "");
}

/** Why npm (for a new package) or Windows would refuse the name; undefined for a valid one. */
export function nameProblem(name: string): string | undefined {
  const [, scope, base = ""] = /^(?:@([^/]*)\/)?(.*)$/s.exec(name) ?? [];
  if (base === "" || scope === "") return "it is empty";
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  for (const part of [scope, base]) {
    if (part === undefined) continue;
    if (/^[._-]/.test(part)) return "it starts with a dot, an underscore or a dash";
    if (!/^[a-z0-9._-]+$/.test(part)) {
      return "it may contain only lower-case letters, digits, dots, dashes and underscores";
    }
    if (WINDOWS_DEVICE.test(part)) return "Windows reserves it for a device";
  }
  if (scope === undefined && RESERVED.has(base)) return "it is reserved";
  return undefined;
}

/** Why no project can be in a directory, which is an absolute path. */
export function directoryNameRefusal(directory: string): CreateError | undefined {
  const name = basename(directory);
  const names = directory.slice(parse(directory).root.length).replaceAll(sep, "/");
  const [misread] = MISREAD.exec(names) ?? [];
  const problem = WINDOWS_DEVICE.test(name)
    ? `"${name}" cannot be a directory: Windows reserves the name for a device.`
    : misread &&
      `${directory} cannot contain a project: its tools would not find their files below a "${misread}".`;
  if (!problem) return undefined;
  return new CreateError("invalid_name", problem, "Choose another directory.");
}

/**
 * Why a package cannot have the name, with a suggestion.
 * @param directory from which the name is derived; undefined if the user chose the name
 */
export function nameRefusal(name: string, directory: string | undefined): CreateError | undefined {
  const problem =
    directory !== undefined && name === ""
      ? "it contains no Latin letter and no digit"
      : nameProblem(name);
  if (problem === undefined) return undefined;
  const better = directory === undefined ? normalizeName(name) : "";
  return new CreateError(
    "invalid_name",
    `"${name || (directory ?? "")}" cannot be the package's name: ${problem}.`,
    nameProblem(better) === undefined
      ? `Use --name ${better}`
      : "Choose one with --name <package-name>.",
  );
}
