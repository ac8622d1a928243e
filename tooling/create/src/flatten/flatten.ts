// Turns a template of the repository into the standalone project that a user gets: pure, and the only place that knows how.
import { below, bytes, type FileMap, sorted, text } from "./file-map.ts";
import { printManifest } from "./json.ts";
import { flattenManifest, type Manifest, parseManifest } from "./manifest.ts";
import {
  broken,
  refuseForeignFiles,
  refuseUnresolved,
  refuseWorkspaceVersions,
  SHARED_FOLDER,
} from "./rules.ts";
import { exportedFile, sharedModules } from "./shared-modules.ts";
import { restoredPath } from "./stored-names.ts";
import { mergeTsconfig } from "./tsconfig.ts";

const CREATE_FOLDER = "tooling/create";

/** The files and folders of the repository that `flatten` reads for a template. */
export const partsOf = (template: string): readonly string[] => [
  SHARED_FOLDER,
  `${CREATE_FOLDER}/package.json`,
  `templates/${template}`,
];

/**
 * The project's files, sorted by path. The same input gives the same bytes.
 * @throws {CreateError} `broken_template`, with the file and the rule that it breaks.
 */
export function flatten(repository: FileMap, template: string): FileMap {
  const folder = `templates/${template}`;
  const own = below(repository, folder);
  const shared = below(repository, SHARED_FOLDER);
  const manifest = manifestOf(repository, folder);
  refuseForeignFiles(own, folder);
  refuseWorkspaceVersions(manifest, folder);
  const { version } = manifestOf(repository, CREATE_FOLDER);
  const project = flattenManifest(manifest, template, String(version));
  const files = sorted(
    new Map([
      ...mapped(below(shared, "files"), (path, content) => [restoredPath(path), content]),
      ...mapped(own, (path, content) => [path, standalone(path, content, shared)]),
      ...sharedModules(manifest, shared, folder),
      ["package.json", bytes(printManifest(project))],
    ]),
  );
  refuseUnresolved(files, manifest, folder);
  return files;
}

type File = readonly [path: string, content: Uint8Array];

const mapped = (files: FileMap, change: (path: string, content: Uint8Array) => File): File[] =>
  [...files].map(([path, content]) => change(path, content));

/** A tsconfig that extends the shared one becomes one file; any other file stays, byte for byte. */
function standalone(path: string, content: Uint8Array, shared: FileMap): Uint8Array {
  if (!/(^|\/)tsconfig[^/]*\.json$/.test(path)) return content;
  const merged = mergeTsconfig(text(content), (specifier) => {
    const base = exportedFile(shared, specifier);
    return base && text(base.content);
  });
  return merged === undefined ? content : bytes(merged);
}

function manifestOf(repository: FileMap, folder: string): Manifest {
  const file = `${folder}/package.json`;
  const content = repository.get(file);
  if (content === undefined) throw broken(file, "is missing");
  return parseManifest(text(content), file);
}
