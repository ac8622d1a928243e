// Parses the command line strictly: an unknown option is refused with the nearest match.
import { CreateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { flags } from "./definition.ts";

export type Flag = keyof typeof flags;
type ValueFlag = { [F in Flag]: (typeof flags)[F]["type"] extends "string" ? F : never }[Flag];

export interface Args {
  readonly directory: string | undefined;
  /** The last value of each option. */
  readonly values: Readonly<Partial<Record<ValueFlag, string>>>;
  /** Features to leave out, from all `--without` options; undefined if there is none. */
  readonly without: readonly string[] | undefined;
  readonly has: (flag: Flag) => boolean;
}

/**
 * Drops every `--`: package runners put one in front of what they pass on.
 * @throws {CreateError} `usage`
 */
export function parseArgs(argv: readonly string[]): Args {
  const given = new Set<Flag>();
  const values: Partial<Record<ValueFlag, string>> = {};
  const without: string[] = [];
  const directories: string[] = [];
  const remaining = argv.filter((arg) => arg !== "--").values();
  for (const arg of remaining) {
    if (!arg.startsWith("-")) {
      directories.push(arg.trim());
      continue;
    }
    const [, flag = arg, inline] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
    const name = flag.slice(2);
    if (!flag.startsWith("--") || !isFlag(name)) throw unknown(flag);
    given.add(name);
    if (takesValue(name)) {
      const value = valueAfter(flag, inline, remaining);
      values[name] = value;
      if (name === "without") without.push(...listed(value));
    } else if (inline !== undefined) {
      throw new CreateError("usage", `${flag} takes no value.`, `Write ${flag} alone.`);
    }
  }
  const [directory, extra] = directories;
  if (extra !== undefined) {
    throw new CreateError(
      "usage",
      `"${extra}" is a second directory, and only one can be created.`,
      "Put a name with spaces in quotes.",
    );
  }
  return {
    directory,
    values,
    without: given.has("without") ? without : undefined,
    has: (flag) => given.has(flag),
  };
}

export const isFlag = (name: string): name is Flag => Object.hasOwn(flags, name);
const takesValue = (name: Flag): name is ValueFlag => flags[name].type === "string";

const listed = (value: string): readonly string[] =>
  value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

function valueAfter(flag: string, inline: string | undefined, rest: Iterator<string>): string {
  const next: string | undefined = inline ?? rest.next().value;
  const value = next?.trim();
  if (value && (inline !== undefined || !value.startsWith("-"))) return value;
  throw new CreateError("usage", `${flag} needs a value.`, `Write ${flag} <value>.`);
}

function unknown(flag: string): CreateError {
  const match = nearest(flag.replace(/^-+/, ""), Object.keys(flags));
  const hint = match === undefined ? "See --help." : `Did you mean --${match}?`;
  return new CreateError("usage", `${flag} is not an option.`, hint);
}
