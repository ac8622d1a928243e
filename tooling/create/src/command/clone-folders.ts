// Refuses projects inside the folders of Bunyard's own repository.
import { relative, sep } from "node:path";
import { CreateError } from "../errors.ts";
import { manifestGlobs, readManifest } from "./workspace.ts";

/**
 * Bunyard's own folders cannot contain a project: its checks would treat it as a part of Bunyard.
 * @throws {CreateError} `usage`
 */
export function refuseCloneFolders(clone: string, directory: string): void {
  const [folder = ""] = relative(clone, directory).split(sep);
  const folders = manifestGlobs(readManifest(clone)).map((glob) => glob.replace(/\/.*/, ""));
  if (folder !== "" && !folders.some((glob) => new Bun.Glob(glob).match(folder))) return;
  throw new CreateError(
    "usage",
    `${folder === "" ? "The clone's root" : `${folder}/`} belongs to Bunyard itself.`,
    "Choose another directory, for example ../my-app",
  );
}
