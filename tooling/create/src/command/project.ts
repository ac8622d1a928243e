// Adapts a flattened template to the project: its name, and its location in a workspace or below a Biome configuration.
import { CreateError } from "../errors.ts";
import { bytes, type FileMap, text } from "../flatten/file-map.ts";
import { printManifest } from "../flatten/json.ts";
import { DEPENDENCY_GROUPS, manifestIn, parseManifest, section } from "../flatten/manifest.ts";
import type { Nesting } from "./workspace.ts";

/** The copyright holder in the LICENSE of a template. */
const OWNER = "the project's authors";

/**
 * @param name of the package
 * @throws {CreateError} `invalid_name` if the project would depend on its own name
 */
export function personalize(project: FileMap, name: string, template: string): FileMap {
  const refusal = dependencyRefusal(project, name);
  if (refusal !== undefined) throw refusal;
  return new Map(
    [...project].map(([path, content]) => [path, personalized(path, content, name, template)]),
  );
}

/** Adapts a project to its location. */
export function placeIn(project: FileMap, { isBelowBiome, workspace }: Nesting): FileMap {
  // GitHub reads workflows only at the root of a repository.
  const isLeftOut = (path: string) => workspace !== undefined && path.startsWith(".github/");
  const files = new Map([...project].filter(([path]) => !isLeftOut(path)));
  const biome = files.get("biome.json");
  if (biome !== undefined && isBelowBiome) {
    // Biome accepts one root. Insert a first line, to keep the formatting of the others.
    files.set("biome.json", bytes(text(biome).replace("{", '{\n  "root": false,')));
  }
  return files;
}

/**
 * Describes what the location means for the project's .github/, for the report.
 * @param repository the root of the git repository around the project
 */
export function locationNotes(
  directory: string,
  files: Iterable<string>,
  { workspace }: Nesting,
  repository: string | undefined,
): readonly string[] {
  if (workspace !== undefined) {
    return ["Left out .github/, because GitHub reads it only at the root of a repository."];
  }
  const isDead = repository !== undefined && repository !== directory;
  return isDead && [...files].some((path) => path.startsWith(".github/"))
    ? [
        `GitHub reads .github/ only at the root of a repository: move it to ${repository}, and adapt it.`,
      ]
    : [];
}

function personalized(path: string, content: Uint8Array, name: string, template: string) {
  if (path === "package.json") return renamed(content, name);
  if (path === "README.md") return bytes(text(content).replace(/^# .*/, () => `# ${name}`));
  if (path === "LICENSE") return bytes(text(content).replace(OWNER, () => `the ${name} authors`));
  if (/\.(html|svg)$/.test(path)) {
    const title = `<title>${template}</title>`;
    return text(content).includes(title)
      ? bytes(text(content).replace(title, () => `<title>${name}</title>`))
      : content;
  }
  return content;
}

/** Why the project cannot have the name: a package cannot depend on its own name. */
export function dependencyRefusal(project: FileMap, name: string): CreateError | undefined {
  const manifest = manifestIn(project);
  if (!DEPENDENCY_GROUPS.some((group) => Object.hasOwn(section(manifest, group), name))) {
    return undefined;
  }
  return new CreateError(
    "invalid_name",
    `"${name}" cannot be the package's name: the project depends on a package of that name.`,
    "Choose another name with --name <package-name>.",
  );
}

function renamed(content: Uint8Array, name: string): Uint8Array {
  const manifest = parseManifest(text(content), "package.json");
  // The template's description does not describe the project. The owner writes a new one.
  const description = "description" in manifest ? { description: "" } : {};
  return bytes(printManifest({ ...manifest, name, ...description }));
}
