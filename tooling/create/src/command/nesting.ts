// Finds out what applies to a project because of its location: a Biome configuration and a workspace.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ancestors, findWorkspace, type Workspace } from "./workspace.ts";

export interface Nesting {
  /**
   * A Biome configuration in a parent directory applies. If so, the project's must not be a root, because Biome refuses
   * a second one. If not, it must be a root, in a workspace too, because Biome would ignore it.
   */
  readonly isBelowBiome: boolean;
  readonly workspace: Workspace | undefined;
}

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

export const nestingOf = (directory: string): Nesting => ({
  isBelowBiome: [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  ),
  workspace: findWorkspace(directory),
});
