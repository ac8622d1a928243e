// Writes the declarations of the site's content, or checks that they are up to date.
import { collections } from "../site/collections.ts";
import { displayPath } from "../src/error.ts";
import { writeTypes } from "../src/index.ts";
import { BuildFailure } from "./failure.ts";

/**
 * @param check writes nothing
 * @returns the summary to print
 * @throws {BuildFailure} with `check`, if a declaration is out of date
 */
export async function updateTypes(check: boolean): Promise<string> {
  const result = await writeTypes("site", {
    schemas: collections,
    ignore: ["site/public"], // its files are copied, and may be invalid
    check,
  });
  const changes = [...result.written, ...result.removed].map(displayPath);
  if (check && changes.length > 0) {
    throw new BuildFailure(`Out of date: ${changes.join(", ")}`, "Run `bun run types`.");
  }
  return [`declarations: ${result.count}, changed: ${changes.length}`, ...changes].join("\n  ");
}
