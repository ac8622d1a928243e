// Parses the command line strictly: what is not understood is refused, with the nearest match.

import { CreateError } from "../errors.ts";
import { flags } from "./definition.ts";
import { nearest } from "./nearest.ts";

type Flag = keyof typeof flags;
type ValueFlag = { [F in Flag]: (typeof flags)[F]["type"] extends "string" ? F : never }[Flag];

export interface Args {
  readonly directory: string | undefined;
  readonly values: Readonly<Partial<Record<ValueFlag, string>>>;
  readonly has: (flag: Flag) => boolean;
}

/**
 * A `--` is dropped wherever it stands: package runners put one in front of what they pass on.
 * @throws {CreateError} `usage`
 */
export function parseArgs(argv: readonly string[]): Args {
  const given = new Set<Flag>();
  const values: Partial<Record<ValueFlag, string>> = {};
  const directories: string[] = [];
  const rest = argv.filter((arg) => arg !== "--").values();
  for (const arg of rest) {
    if (!arg.startsWith("-")) {
      directories.push(arg);
      continue;
    }
    const [, flag = arg, inline] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
    const name = flag.slice(2);
    if (!flag.startsWith("--") || !isFlag(name)) throw unknown(flag);
    given.add(name);
    if (takesValue(name)) values[name] = valueAfter(flag, inline, rest);
    else if (inline !== undefined) throw new CreateError("usage", `${flag} takes no value.`);
  }
  const [directory, extra] = directories;
  if (extra === undefined) return { directory, values, has: (flag) => given.has(flag) };
  throw new CreateError(
    "usage",
    `There is one directory too many: "${extra}".`,
    "A name with spaces needs quotes.",
  );
}

const isFlag = (name: string): name is Flag => Object.hasOwn(flags, name);
const takesValue = (name: Flag): name is ValueFlag => flags[name].type === "string";

function valueAfter(flag: string, inline: string | undefined, rest: Iterator<string>): string {
  const value: string | undefined = inline ?? rest.next().value;
  if (value && (inline !== undefined || !value.startsWith("-"))) return value;
  throw new CreateError("usage", `${flag} needs a value.`, `Write ${flag} <value>.`);
}

function unknown(flag: string): CreateError {
  const match = nearest(flag.replace(/^-+/, ""), Object.keys(flags));
  const hint = match === undefined ? "See --help." : `Did you mean --${match}?`;
  return new CreateError("usage", `${flag} is not known.`, hint);
}
