// Finds the areas: each is a file of the folder `areas` that exports an `area`.
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Area } from "./area.ts";

const FOLDER = join(import.meta.dir, "areas");

export async function areaNames(): Promise<readonly string[]> {
  const files = await readdir(FOLDER, { withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name.endsWith(".ts"))
    .map((file) => basename(file.name, ".ts"))
    .sort();
}

/** @param name one of `areaNames`. */
export async function loadArea(name: string): Promise<Area> {
  const module: { readonly area: Area } = await import(join(FOLDER, `${name}.ts`));
  return module.area;
}
