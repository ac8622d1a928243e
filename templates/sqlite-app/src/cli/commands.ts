// The commands of `bun run db` by name, and the strict parser of the command line.
import { parseArgs } from "node:util";
import { DB_COMMAND, MigrateError } from "../migrate/errors.ts";
import type { Call, Command } from "./command.ts";
import * as data from "./data.ts";
import * as migrations from "./migrations.ts";

export const commands = {
  status: migrations.status,
  up: migrations.up,
  down: migrations.down,
  new: migrations.newMigration,
  validate: migrations.validate,
  repair: migrations.repair,
  baseline: migrations.baseline,
  seed: data.seed,
  // #region articles
  reindex: data.reindex,
  // #endregion
  dump: data.dump,
  backup: data.backup,
  restore: data.restore,
  renumber: migrations.renumber,
} satisfies Record<string, Command>;

export interface Parsed extends Pick<Call, "argument" | "to" | "steps"> {
  readonly yes: boolean;
  readonly name: string;
  readonly command: Command;
}

/** @returns undefined if help is requested. @throws {MigrateError} `usage` */
export function parse(args: readonly string[]): Parsed | undefined {
  const { values, positionals } = read(args);
  if (values.help) return undefined;
  const [name, ...rest] = positionals;
  const command = Object.entries<Command>(commands).find(([known]) => known === name)?.[1];
  if (name === undefined || command === undefined) {
    const what = name === undefined ? "No command was given." : `There is no command "${name}".`;
    throw usage(`${what} One of: ${Object.keys(commands).join(", ")}.`);
  }
  const [argument = ""] = rest;
  const fewest = command.argument?.startsWith("<") ? 1 : 0;
  const most = command.argument ? 1 : 0;
  if (rest.length < fewest || rest.length > most || rest.includes("")) {
    throw usage(`Wrong number of arguments. Usage: ${DB_COMMAND} ${synopsis(name, command)}`);
  }
  for (const option of ["to", "steps", "yes"] as const) {
    if (values[option] !== undefined && !command.options?.includes(option)) {
      throw usage(`"${name}" does not take --${option}.`);
    }
    if (values[option] === "") throw usage(`--${option} needs a value.`);
  }
  const { to, steps = "1", yes = false } = values;
  if (!/^[1-9]\d{0,8}$/.test(steps)) throw usage("--steps must be a whole number of 1 or more.");
  return { name, command, argument, to, steps: Number(steps), yes };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: "string" },
        steps: { type: "string" },
        yes: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function usage(message: string): MigrateError {
  return new MigrateError("usage", message, {
    hint: `Run \`${DB_COMMAND} --help\` for the list of commands.`,
  });
}

export function help(): string {
  const rows = Object.entries<Command>(commands).map(
    ([name, command]) => `  ${synopsis(name, command).padEnd(28)}${command.summary}`,
  );
  return [
    `Usage: ${DB_COMMAND} <command> [--json]`,
    "",
    ...rows,
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found a problem in the files or the database.",
  ].join("\n");
}

/** The syntax of a command, after `bun run db`. */
export function synopsis(name: string, command: Command): string {
  const values = { to: "[--to <version>]", steps: "[--steps <n>]", yes: "[--yes]" };
  const { argument, options = [] } = command;
  return [name, ...(argument ? [argument] : []), ...options.map((key) => values[key])].join(" ");
}
