// Turns a template of the repository into the standalone project that a user gets. Pure, and the only code that knows how.
import { below, bytes, type FileMap, sorted, text } from "./file-map.ts";
import { printManifest } from "./json.ts";
import { leaveOut } from "./leave-out.ts";
import { flattenManifest, manifestIn } from "./manifest.ts";
import { refuseMarks } from "./regions.ts";
import {
  refuseForeignFiles,
  refuseUnresolved,
  refuseWorkspaceVersions,
  SHARED_FOLDER,
} from "./rules.ts";
import { exportedFile, sharedModules } from "./shared-modules.ts";
import { withUpdateHints } from "./staying-current.ts";
import { restoredPath } from "./stored-names.ts";
import { mergeTsconfig } from "./tsconfig.ts";

/** Its version is the version that projects are stamped with, and projects need the same Bun as it does. */
const STAMP_FILE = "tooling/create/package.json";

/** Paths of the repository that `flatten` reads for a template: files and folders. */
export const partsOf = (template: string): readonly string[] => [
  SHARED_FOLDER,
  STAMP_FILE,
  `templates/${template}`,
];

export interface FlattenOptions {
  /** Features to leave out. Those that require one of them are left out, too. */
  readonly without?: readonly string[];
}

/**
 * Returns the project's files, sorted by path. The same input gives the same bytes.
 * @throws {CreateError} `broken_template`, with the file and the rule that it breaks; `unknown_feature`
 */
export function flatten(
  repository: FileMap,
  template: string,
  { without = [] }: FlattenOptions = {},
): FileMap {
  const folder = `templates/${template}`;
  const templateFiles = below(repository, folder);
  const shared = below(repository, SHARED_FOLDER);
  const sharedFiles = below(shared, "files");
  refuseForeignFiles(templateFiles, folder);
  const rest = leaveOut(
    templateFiles,
    manifestIn(repository, `${folder}/package.json`),
    folder,
    without,
  );
  refuseWorkspaceVersions(rest.manifest, folder);
  const { version, engines } = manifestIn(repository, STAMP_FILE);
  const stamp = { template, version: String(version), without: rest.without };
  const project = flattenManifest({ ...(engines && { engines }), ...rest.manifest }, stamp);
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of sharedFiles) {
    refuseMarks(`${SHARED_FOLDER}/files/${path}`, content);
    files.set(restoredPath(path), content);
  }
  for (const [path, content] of rest.files) {
    files.set(path, standalone(`${folder}/${path}`, content, shared));
  }
  for (const [path, content] of sharedModules(rest.manifest, shared, folder)) {
    files.set(path, content);
  }
  files.set("package.json", bytes(printManifest(project)));
  refuseUnresolved(files, rest.manifest, folder);
  return withUpdateHints(sorted(files));
}

/** A tsconfig that extends the shared one is merged with it; any other file stays, byte for byte. */
function standalone(file: string, content: Uint8Array, shared: FileMap): Uint8Array {
  if (!/\/tsconfig[^/]*\.json$/.test(file)) return content;
  const merged = mergeTsconfig(file, text(content), (specifier) => {
    const base = exportedFile(shared, specifier);
    return base && text(base.content);
  });
  return merged === undefined ? content : bytes(merged);
}
