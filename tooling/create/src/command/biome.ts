// Finds out whether a Biome configuration further up applies to a project.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ancestors } from "./workspace.ts";

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

/**
 * If so, the project's configuration must not be a root, because Biome refuses a second one. If not, it must be a root,
 * in a workspace too, because Biome would ignore it.
 */
export const isBelowBiome = (directory: string): boolean =>
  [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  );
