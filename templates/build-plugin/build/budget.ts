// Size budgets: limits on the total gzip size of files, from `budgets` in package.json.
import { BuildFailure } from "./failure.ts";
import type { Report } from "./report.ts";
import { parseSize, printSize } from "./size.ts";

/** The limit per glob pattern of paths below dist/, e.g. `"site/*.js": "12 kB"`. It applies to the sum of the gzip sizes. */
export type Budgets = Readonly<Record<string, string>>;

/**
 * @param mustMatch whether a budget that matches no file is a problem
 * @throws {BuildFailure} names every budget that is exceeded.
 */
export function checkBudgets(budgets: Budgets, { files }: Report, mustMatch: boolean): void {
  const problems = Object.entries(budgets).flatMap(([pattern, limit]) => {
    const glob = new Bun.Glob(pattern);
    const counted = files.filter(({ path }) => glob.match(path));
    if (counted.length === 0 && mustMatch) return [`The budget of \`${pattern}\` matches no file.`];
    const size = counted.reduce((sum, { gzip }) => sum + gzip, 0);
    const over = size - parseSize(limit, `The budget of \`${pattern}\``);
    if (over <= 0) return [];
    return [
      `\`${pattern}\` is ${printSize(size)} gzipped, ${printSize(over)} over its budget of ${limit}.`,
    ];
  });
  if (problems.length === 0) return;
  throw new BuildFailure(
    problems.join("\n"),
    "Make it smaller, or raise `budgets` in package.json.",
  );
}
