// Refuses templates that break a rule of flatten, with the file, the reason and the remedy.
import { CreateError } from "../errors.ts";
import { contains, type FileMap, text } from "./file-map.ts";
import { DEPENDENCY_GROUPS, type Manifest, SHARED, section } from "./manifest.ts";
import { restoredPath, storedPath } from "./stored-names.ts";

export const SHARED_FOLDER = "packages/shared";

/** Refuses files that flatten adds itself, and files that only the repository uses. */
export function refuseForeignFiles(templateFiles: FileMap, folder: string): void {
  for (const path of templateFiles.keys()) {
    const file = `${folder}/${path}`;
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (path.startsWith("src/lib/")) {
      const hint = "Put it in another folder, or share it and list it in imports.";
      throw broken(file, "is in src/lib/, which is for the shared modules", hint);
    }
    if (["biome.json", "biome.jsonc", ".gitignore"].includes(name)) {
      const hint = `Change ${SHARED_FOLDER}/files/${storedPath(name)}, which every project gets.`;
      throw broken(file, "does not belong in a template", hint);
    }
    if (name === "turbo.json") throw broken(file, "belongs to the repository, not to a project");
    if (restoredPath(name) !== name) {
      throw broken(file, "has a name for stored files", `Call it ${restoredPath(name)}.`);
    }
  }
}

/** Refuses versions that resolve only inside a workspace. */
export function refuseWorkspaceVersions(manifest: Manifest, folder: string): void {
  for (const group of DEPENDENCY_GROUPS) {
    for (const [name, version] of Object.entries(section(manifest, group))) {
      if (name === SHARED || !/^(workspace|catalog|link|file):/.test(String(version))) continue;
      const hint = `Only ${SHARED} may come from the workspace.`;
      throw broken(`${folder}/package.json`, `declares ${name} as ${version}`, hint);
    }
  }
}

/** Refuses a package that a shared module imports and the template does not declare. */
export function refuseUndeclaredPackage(
  specifier: string,
  module: string,
  manifest: Manifest,
  folder: string,
): void {
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  if (name in section(manifest, "dependencies")) return;
  throw broken(
    `${folder}/package.json`,
    `uses ${module}, which needs ${name}`,
    `Add ${name} to "dependencies".`,
  );
}

/** Refuses imports and names that resolve only inside the repository. */
export function refuseUnresolved(files: FileMap, manifest: Manifest, folder: string): void {
  const keys = new Set(Object.keys(section(manifest, "imports")));
  for (const [path, content] of files) {
    if (contains(content, SHARED)) {
      const hint = `Reach it through a "#lib/…" key of "imports" in package.json.`;
      throw broken(`${folder}/${path}`, `names ${SHARED}, which a project does not have`, hint);
    }
    if (!/\.[cm]?[jt]sx?$/.test(path) || !contains(content, "#lib/")) continue;
    const unlisted = specifiers(text(content)).find(
      (specifier) => specifier.startsWith("#lib/") && !keys.has(specifier),
    );
    if (unlisted === undefined) continue;
    const hint = `Add "${unlisted}": "${unlisted.replace("#lib", SHARED)}" to "imports".`;
    throw broken(
      `${folder}/${path}`,
      `imports ${unlisted}, which package.json does not list`,
      hint,
    );
  }
}

/** What the source of a module imports, type-only imports included. */
export function specifiers(source: string): string[] {
  const matches = source.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\s]+)["']/g);
  return [...matches].flatMap(([, specifier = ""]) => specifier);
}

export function broken(file: string, problem: string, hint?: string): CreateError {
  return new CreateError("broken_template", `${file} ${problem}.`, hint);
}
