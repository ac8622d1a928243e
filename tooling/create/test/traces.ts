// Finds lines of a project that name a feature that was left out of it.
import { type Feature, withDependents } from "../src/flatten/features.ts";
import { type FileMap, text } from "../src/flatten/file-map.ts";

/** The stamp in package.json names the features, and src/lib/ is the same in every project. */
const UNSEARCHED = /^(package\.json|src\/lib\/.*)$/;

/**
 * The lines, as `file:line: word`. A feature's words are those that it lists, and all that was removed with it: paths, packages,
 * scripts, `imports` keys, and variables of .env.example.
 * @param complete the project with all features
 */
export function tracesIn(
  project: FileMap,
  complete: FileMap,
  features: readonly Feature[],
  without: readonly string[],
): readonly string[] {
  const out = withDependents(features, without);
  const words = [
    ...features.filter(({ name }) => out.includes(name)).flatMap(({ words }) => words),
    ...removedPaths(project, features, out),
    ...removedKeys(project, complete),
    ...[...variablesIn(complete)].filter((name) => !variablesIn(project).has(name)),
  ].map((word) => word.toLowerCase());
  return [...project]
    .filter(([path]) => !UNSEARCHED.test(path))
    .flatMap(([path, content]) =>
      text(content)
        .split("\n")
        .flatMap((line, index) => {
          const word = words.find((word) => line.toLowerCase().includes(word));
          return word === undefined ? [] : [`${path}:${index + 1}: ${word}`];
        }),
    );
}

const removedPaths = (
  project: FileMap,
  features: readonly Feature[],
  out: readonly string[],
): readonly string[] =>
  features
    .filter(({ name }) => out.includes(name))
    .flatMap(({ paths }) => paths)
    .filter((path) => ![...project.keys()].some((file) => file.startsWith(path)))
    // The name of a folder may be an ordinary word.
    .flatMap((path) => (/[./]/.test(path) ? [path] : [`${path}/`, `"${path}"`]));

/** Short names such as `load` occur as ordinary words, so only commands and quoted names count. */
function removedKeys(project: FileMap, complete: FileMap): readonly string[] {
  const [before, after] = [manifestOf(complete), manifestOf(project)];
  const gone = (section: string) =>
    Object.keys(before[section] ?? {}).filter((key) => !(key in (after[section] ?? {})));
  return [
    ...gone("scripts").map((name) => `bun run ${name}`),
    ...gone("imports").map((key) => `"${key}"`),
    ...[...gone("dependencies"), ...gone("devDependencies")].map((name) => `"${name}"`),
  ];
}

export const manifestOf = (
  project: FileMap,
): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  JSON.parse(text(project.get("package.json") ?? new Uint8Array()));

function variablesIn(project: FileMap): ReadonlySet<string> {
  const example = text(project.get(".env.example") ?? new Uint8Array());
  return new Set([...example.matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = ""]) => name));
}
