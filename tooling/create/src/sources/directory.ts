// Reads a directory into a file map.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { type FileMap, sorted } from "../flatten/file-map.ts";

/**
 * Every file below a directory. Links are left out.
 * @param prefix of the paths
 */
export function directoryFiles(directory: string, prefix = ""): FileMap {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return sorted(
    files.map((file) => [
      join(prefix, file.slice(directory.length + 1)).replaceAll(sep, "/"),
      readFileSync(file),
    ]),
  );
}
