// Detects options that npm kept for itself, because they came without a `--` in front.
import { CreateError } from "../errors.ts";
import type { Variables } from "../subprocess.ts";
import { flags, projectCommands } from "./definition.ts";

/** npm asks a question of its own with `--yes`, and answers the other two itself. */
const NOT_OURS = ["yes", "version", "help"];

/** How to pass options on, by the command of npm. */
const PASSED_ON: Readonly<Record<string, string>> = {
  init: "npm create bunyard@latest my-app --",
  exec: "npm exec -- create-bunyard@latest …",
};

/**
 * `npm create bunyard my-app --template x` reaches the command as `my-app x`, and an unnoticed `--dry-run` would be a
 * real run.
 * @throws {CreateError} `usage`, with the command line that works
 */
export function refuseSwallowedOptions(argv: readonly string[], variables: Variables): void {
  const command = variables.npm_command ?? "";
  const passedOn = PASSED_ON[command];
  if (passedOn === undefined) return;
  // An option reaches the command only behind a `--`, and npm sets these variables for the settings in .npmrc as well.
  // `npx bun create bunyard …` is an `exec`, which passes our options on, and sets them for npx's own options.
  const hasSettings = command === "exec" || argv.some((arg) => /^--./.test(arg));
  const settings = hasSettings ? ["force", "json"] : [];
  const args = Object.values(projectCommands).map((command) => command.args);
  const options: Readonly<Record<string, { type: string }>> = Object.assign({}, flags, ...args);
  const swallowed = Object.keys(options).filter(
    (flag) =>
      ![...NOT_OURS, ...settings].includes(flag) &&
      !argv.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`)) &&
      isSet(flag, options[flag]?.type, variables),
  );
  if (swallowed.length === 0) {
    if (command === "init") refuseValue(argv, passedOn);
    return;
  }
  throw new CreateError(
    "usage",
    `npm kept --${swallowed.join(" and --")} for itself, because there is no -- in front.`,
    `Put -- first: ${passedOn} --${swallowed[0]} …`,
  );
}

/** Of an option that create-bunyard does not have, such as `-t`, only the value arrives, as a second argument. */
function refuseValue(argv: readonly string[], passedOn: string): void {
  const [, value] = argv;
  if (value === undefined || argv.some((arg) => arg.startsWith("-"))) return;
  throw new CreateError(
    "usage",
    `Unexpected argument "${value}".`,
    `For an option, put -- first: ${passedOn} --template … Put a directory with spaces in quotes.`,
  );
}

/** Whether npm's variable for an option has a value that means that the option was given. */
function isSet(flag: string, type: string | undefined, variables: Variables): boolean {
  const value = variables[`npm_config_${flag.replace(/^no-/, "").replaceAll("-", "_")}`];
  if (value === undefined || type === "string") return value !== undefined;
  return flag.startsWith("no-") ? /^(false)?$/.test(value) : value === "true";
}
