// Collects the shared modules that a template uses: those that its `imports` map lists, and every module those import.
import { dirname, join } from "node:path/posix";
import { type FileMap, text } from "./file-map.ts";
import { libraryPath, type Manifest, parseManifest, SHARED, section } from "./manifest.ts";
import { refuseMarks } from "./regions.ts";
import { broken, refuseUndeclaredPackage, SHARED_FOLDER, specifiers } from "./rules.ts";

const SOURCE = "src/";
const LIBRARY = "src/lib/";

/**
 * The modules at their paths in the project, unchanged.
 * The `imports` map decides, so a module of which only types are used is included.
 * @param shared files of the shared package
 * @param folder of the template, for messages
 * @throws {CreateError} `broken_template`
 */
export function sharedModules(manifest: Manifest, shared: FileMap, folder: string): FileMap {
  const modules = new Map<string, Uint8Array>();
  const add = (path: string): void => {
    const content = shared.get(path);
    if (content === undefined || modules.has(projectPath(path))) return;
    refuseMarks(`${SHARED_FOLDER}/${path}`, content);
    modules.set(projectPath(path), content);
    for (const imported of localImports(path, content, shared, manifest, folder)) add(imported);
  };
  for (const [key, target] of Object.entries(section(manifest, "imports"))) {
    if (libraryPath(target) !== undefined) add(listedModule(key, String(target), shared, folder));
  }
  return modules;
}

const projectPath = (path: string): string => path.replace(SOURCE, LIBRARY);

/** Path of a module that the template lists. It has to be where the project's `imports` map will look for it. */
function listedModule(key: string, target: string, shared: FileMap, folder: string): string {
  const module = exportedFile(shared, target);
  if (module === undefined) {
    throw broken(
      `${folder}/package.json`,
      `maps ${key} to ${target}, which ${SHARED_FOLDER} does not have`,
      `Remove ${key} from "imports", or add it to "exports" of ${SHARED_FOLDER}/package.json.`,
    );
  }
  if (projectPath(module.path) === libraryPath(target)) return module.path;
  throw broken(
    `${SHARED_FOLDER}/package.json`,
    `exports ${target} from ${module.path}`,
    `Move the module to ${SOURCE}${target.slice(SHARED.length + 1)}.ts.`,
  );
}

/** The shared files that a module imports. Packages that it imports have to be declared by the template. */
function localImports(
  path: string,
  content: Uint8Array,
  shared: FileMap,
  manifest: Manifest,
  folder: string,
): string[] {
  const file = `${SHARED_FOLDER}/${path}`;
  return specifiers(text(content)).flatMap((specifier) => {
    if (/^(bun|bun:.+|node:.+)$/.test(specifier)) return [];
    if (!/^[.#/]/.test(specifier)) {
      refuseUndeclaredPackage(specifier, file, manifest, folder);
      return [];
    }
    const target = join(dirname(path), specifier);
    if (specifier.startsWith(".") && target.startsWith(SOURCE) && shared.has(target)) {
      return [target];
    }
    const hint = `A shared module imports other shared modules by relative path, for example "./http.ts".`;
    throw broken(file, `imports ${specifier}, which is not a shared module`, hint);
  });
}

/** The file behind an import of the shared package, according to its `exports`. */
export function exportedFile(shared: FileMap, specifier: string) {
  if (!specifier.startsWith(`${SHARED}/`)) return undefined;
  const manifest = shared.get("package.json");
  if (manifest === undefined) throw broken(`${SHARED_FOLDER}/package.json`, "is missing");
  const exports = section(
    parseManifest(text(manifest), `${SHARED_FOLDER}/package.json`),
    "exports",
  );
  const target = exports[`.${specifier.slice(SHARED.length)}`];
  const path = typeof target === "string" ? target.replace("./", "") : "";
  const content = shared.get(path);
  return content && { path, content };
}
