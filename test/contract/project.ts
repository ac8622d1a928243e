// A project to which the contract applies: a template in place, or a project created from it.
import { join } from "node:path";
import { type Manifest, readManifest, root } from "../workspaces.ts";

export interface Project {
  /** Name of the template. */
  readonly name: string;
  readonly directory: string;
  /** A service is a template with a `start` script. */
  readonly service: boolean;
}

/** The project in `directory` that was created from a template of the repository, or is that template. */
export async function projectOf(name: string, directory: string): Promise<Project> {
  const { scripts = {} } = await readManifest(join(root, "templates", name));
  return { name, directory, service: "start" in scripts };
}

export function manifestOf(project: Project): Promise<Manifest> {
  return readManifest(project.directory);
}

export function textOf(project: Project, path: string): Promise<string> {
  return Bun.file(join(project.directory, path)).text();
}

/** Those of `paths` that the project does not have. */
export async function missingFrom(project: Project, paths: readonly string[]): Promise<string[]> {
  const exists = await Promise.all(
    paths.map((path) => Bun.file(join(project.directory, path)).exists()),
  );
  return paths.filter((_, index) => !exists[index]);
}
