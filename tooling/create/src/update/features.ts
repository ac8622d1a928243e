// Decides which features a project lacks after an update.
import { CreateError } from "../errors.ts";
import { withDependents } from "../flatten/features.ts";
import type { Template } from "../sources/templates.ts";

/**
 * The features that stay left out, in the order of the template. A feature that the template no longer has is dropped.
 * @param features of the target version
 * @param recorded left out so far
 * @throws {CreateError} `unknown_feature`; `usage` for a feature that needs one that is left out
 */
export function featuresAfter(
  features: Template["features"],
  recorded: readonly string[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): readonly string[] {
  withDependents(features, [...add, ...remove]);
  const both = add.find((name) => remove.includes(name));
  if (both !== undefined) {
    const message = `${both} is in --with and in --without.`;
    throw new CreateError("usage", message, "Name it in one of them.");
  }
  const known = recorded.filter((name) => features.some((feature) => feature.name === name));
  const asked = [...known, ...remove].filter((name) => !add.includes(name));
  const without = withDependents(features, asked);
  const impossible = add.find((name) => without.includes(name));
  if (impossible === undefined) return without;
  const needed = [...required(features, impossible)]
    .slice(1)
    .filter((name) => without.includes(name));
  throw new CreateError(
    "usage",
    `${impossible} needs ${needed.join(" and ")}, which the project does not have.`,
    `Write --with ${[...add, ...needed].join(",")}`,
  );
}

/** The feature, and everything that it requires, directly or not. */
function required(features: Template["features"], name: string): ReadonlySet<string> {
  const names = new Set([name]);
  // A set iterates over what is added to it during the iteration.
  for (const current of names) {
    for (const next of features.find((feature) => feature.name === current)?.requires ?? []) {
      names.add(next);
    }
  }
  return names;
}
