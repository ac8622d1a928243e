// Detects options that npm kept for itself, because they came without a `--` in front.
import { CreateError } from "../errors.ts";
import type { Variables } from "../subprocess.ts";
import type { Args, Flag } from "./args.ts";

/** The variable that npm sets for an option, and the value that means that the option was given. */
const OPTIONS: readonly { flag: Flag; variable: string; value?: string }[] = [
  { flag: "template", variable: "npm_config_template" },
  { flag: "without", variable: "npm_config_without" },
  { flag: "name", variable: "npm_config_name" },
  { flag: "no-install", variable: "npm_config_install", value: "" },
  { flag: "no-git", variable: "npm_config_git", value: "" },
  { flag: "force", variable: "npm_config_force", value: "true" },
  { flag: "dry-run", variable: "npm_config_dry_run", value: "true" },
  { flag: "json", variable: "npm_config_json", value: "true" },
];

/**
 * `npm create bunyard my-app --template x` reaches the command as `my-app x`; an unnoticed `--dry-run` would be a real run.
 * @throws {CreateError} `usage`, with the command line that works
 */
export function refuseSwallowedOptions(args: Args, variables: Variables): void {
  // `npx bun create bunyard …` sets the same variables for npx's own options, and passes ours on.
  if (!/^(init|create|innit)$/.test(variables.npm_command ?? "")) return;
  const swallowed = OPTIONS.filter(({ flag, variable, value }) => {
    const found = variables[variable];
    return found !== undefined && (value ?? found) === found && !args.has(flag);
  }).map(({ flag }) => `--${flag}`);
  if (swallowed.length === 0) return;
  throw new CreateError(
    "usage",
    `npm kept ${swallowed.join(" and ")} for itself, because there is no -- in front.`,
    `Put -- first: npm create bunyard@latest my-app -- ${swallowed[0]} …`,
  );
}
