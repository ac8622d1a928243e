// Detects options that npm kept for itself, because they came without a `--` in front.
import { CreateError } from "../errors.ts";
import type { Variables } from "../subprocess.ts";

const ANY = /^/;
const ON = /^true$/;
const OFF = /^(false)?$/;
/** The variable that npm sets for an option, and the values that mean that the option was given. */
const OPTIONS: readonly (readonly [flag: string, variable: string, values: RegExp])[] = [
  ["template", "npm_config_template", ANY],
  ["without", "npm_config_without", ANY],
  ["name", "npm_config_name", ANY],
  ["no-install", "npm_config_install", OFF],
  ["no-git", "npm_config_git", OFF],
  ["force", "npm_config_force", ON],
  ["dry-run", "npm_config_dry_run", ON],
  ["json", "npm_config_json", ON],
  ["list", "npm_config_list", ON],
  ["project", "npm_config_project", ANY],
  ["to", "npm_config_to", ANY],
  ["with", "npm_config_with", ANY],
  ["mine", "npm_config_mine", ON],
  ["continue", "npm_config_continue", ON],
  ["abort", "npm_config_abort", ON],
];

/**
 * `npm create bunyard my-app --template x` reaches the command as `my-app x`, and an unnoticed `--dry-run` would be a
 * real run.
 * @throws {CreateError} `usage`, with the command line that works
 */
export function refuseSwallowedOptions(argv: readonly string[], variables: Variables): void {
  // `npx bun create bunyard …` sets the same variables for npx's own options, and passes ours on.
  if (variables.npm_command !== "init") return;
  // An option reaches the command only behind a `--`, and npm sets these variables for the settings in .npmrc as well.
  const settings = argv.some((arg) => /^--./.test(arg)) ? ["force", "json"] : [];
  const swallowed = OPTIONS.filter(([flag, variable, values]) => {
    const isGiven = argv.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
    const value = variables[variable];
    return !isGiven && !settings.includes(flag) && value !== undefined && values.test(value);
  }).map(([flag]) => `--${flag}`);
  if (swallowed.length === 0) return;
  throw new CreateError(
    "usage",
    `npm kept ${swallowed.join(" and ")} for itself, because there is no -- in front.`,
    `Put -- first: npm create bunyard@latest my-app -- ${swallowed[0]} …`,
  );
}
