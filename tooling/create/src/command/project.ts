// Adapts a flattened template to the project: its name, and its location in a workspace or below a Biome configuration.
import { CreateError } from "../errors.ts";
import { bytes, type FileMap, text } from "../flatten/file-map.ts";
import { printManifest } from "../flatten/json.ts";
import { DEPENDENCY_GROUPS, parseManifest, section } from "../flatten/manifest.ts";

export interface Identity extends Nesting {
  /** Name of the package. */
  readonly name: string;
  readonly template: string;
}

interface Nesting {
  /** A Biome configuration in a parent directory applies, and there can be only one root. */
  readonly isBelowBiome: boolean;
  readonly isInWorkspace: boolean;
}

/** The copyright holder in the LICENSE of a template. */
const OWNER = "the project's authors";

/** @throws {CreateError} `invalid_name` if the project would depend on its own name */
export function personalize(project: FileMap, identity: Identity): FileMap {
  const refusal = dependencyRefusal(project, identity.name);
  if (refusal !== undefined) throw refusal;
  const files = [...project].map(
    ([path, content]) => [path, personalized(path, content, identity)] as const,
  );
  return placeIn(new Map(files), identity);
}

/** Adapts a project to its location only. */
export function placeIn(project: FileMap, { isBelowBiome, isInWorkspace }: Nesting): FileMap {
  // GitHub reads workflows only at the root of a repository.
  const isLeftOut = (path: string) => isInWorkspace && path.startsWith(".github/");
  const files = new Map([...project].filter(([path]) => !isLeftOut(path)));
  const biome = files.get("biome.json");
  if (biome !== undefined && isBelowBiome) {
    // Biome accepts one root. Insert a first line, to keep the formatting of the others.
    files.set("biome.json", bytes(text(biome).replace("{", '{\n  "root": false,')));
  }
  return files;
}

/** Names the project after its template, for `.bun-create/` and the release branches. */
export const underOwnName = (project: FileMap, template: string): FileMap =>
  personalize(project, { name: template, template, isBelowBiome: false, isInWorkspace: false });

/** Describes what `placeIn` leaves out, for the report. */
export const omissions = ({ isInWorkspace }: Nesting): readonly string[] =>
  isInWorkspace
    ? ["Left out .github/, because GitHub reads it only at the root of a repository."]
    : [];

function personalized(path: string, content: Uint8Array, { name, template }: Identity): Uint8Array {
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
  const content = project.get("package.json");
  const manifest = content === undefined ? {} : parseManifest(text(content), "package.json");
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
