// Finds out whether a Biome configuration further up applies to a project.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ancestors } from "./workspace.ts";

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

/**
 * Whether a Biome configuration further up applies. The project's configuration must then not be a second root, which
 * Biome refuses. Without one further up it must be a root, in a workspace too: Biome ignores nested configurations.
 */
export const isBelowBiome = (directory: string): boolean =>
  [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  );
