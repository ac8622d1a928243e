// Size budgets: what files may weigh together, in `budgets` of package.json.
import { BuildFailure } from "./failure.ts";
import type { Report } from "./report.ts";
import { parseSize, printSize } from "./size.ts";

/** By pattern of paths below dist/, e.g. `"site/*.js": "12 kB"`: the sum of the sizes with gzip. */
export type Budgets = Readonly<Record<string, string>>;

/**
 * @param whole false if only a part was built: then a budget may fit no file.
 * @throws {BuildFailure} that names every budget that is exceeded.
 */
export function keepBudgets(budgets: Budgets, { files }: Report, whole: boolean): void {
  const problems = Object.entries(budgets).flatMap(([pattern, limit]) => {
    const glob = new Bun.Glob(pattern);
    const counted = files.filter(({ path }) => glob.match(path));
    if (counted.length === 0 && whole) return [`The budget of ${pattern} fits no file.`];
    const size = counted.reduce((sum, { gzip }) => sum + gzip, 0);
    const over = size - parseSize(limit);
    if (over <= 0) return [];
    return [
      `${pattern} has ${printSize(size)} with gzip: ${printSize(over)} over its budget of ${limit}.`,
    ];
  });
  if (problems.length === 0) return;
  throw new BuildFailure(
    problems.join("\n"),
    "Make it smaller, or raise `budgets` in package.json.",
  );
}
