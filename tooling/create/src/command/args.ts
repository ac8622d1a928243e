// Parses command lines strictly: an unknown option is refused with the nearest match.
import type { ArgDef } from "citty";
import { CreateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { flags, type ProjectCommand, type projectCommands } from "./definition.ts";

export type Flags = Readonly<Record<string, Pick<ArgDef, "type">>>;

export interface Options<Name extends string> {
  readonly positionals: readonly string[];
  /** The last value of an option. */
  readonly value: (flag: Name) => string | undefined;
  /** The comma-separated elements of all its values; undefined if the option was not given. */
  readonly list: (flag: Name) => readonly string[] | undefined;
  readonly has: (flag: Name) => boolean;
}

/** Of a command for a created project. */
export type ProjectOptions<Command extends ProjectCommand> = Options<
  keyof (typeof projectCommands)[Command]["args"] & string
>;

export interface Args extends Options<keyof typeof flags> {
  readonly directory: string | undefined;
}

/** @throws {CreateError} `usage` */
export function parseArgs(argv: readonly string[]): Args {
  const options = parseOptions(argv, flags);
  const [directory, extra] = options.positionals;
  if (extra !== undefined) {
    throw new CreateError(
      "usage",
      `Unexpected argument "${extra}".`,
      "Separate features with commas; put a directory with spaces in quotes.",
    );
  }
  return { ...options, directory };
}

/**
 * Drops every `--`: package runners put one in front of what they pass on.
 * @throws {CreateError} `usage`
 */
export function parseOptions<F extends Flags>(
  argv: readonly string[],
  known: F,
): Options<keyof F & string> {
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const remaining = argv.filter((arg) => arg !== "--").values();
  for (const arg of remaining) {
    if (!arg.startsWith("-")) {
      positionals.push(arg.trim());
      continue;
    }
    const [, flag = arg, inline] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
    const name = flag.slice(2);
    if (!flag.startsWith("--") || !Object.hasOwn(known, name)) throw unknown(flag, known);
    const values = given.get(name) ?? [];
    given.set(name, values);
    if (known[name]?.type === "string") values.push(valueAfter(flag, inline, remaining));
    else if (inline !== undefined) {
      throw new CreateError("usage", `${flag} takes no value.`, `Write ${flag} alone.`);
    }
  }
  return {
    positionals,
    value: (flag) => given.get(flag)?.at(-1),
    list: (flag) => given.get(flag)?.flatMap(listed),
    has: (flag) => given.has(flag),
  };
}

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

function unknown(flag: string, known: Flags): CreateError {
  const match = nearest(flag.replace(/^-+/, ""), Object.keys(known));
  const hint = match === undefined ? "See --help." : `Did you mean --${match}?`;
  return new CreateError("usage", `${flag} is not an option.`, hint);
}
