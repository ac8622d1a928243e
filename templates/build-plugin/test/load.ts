// Loads content with Bun.build, and imports what the bundle is.
import type { LoaderPlugin } from "../src/index.ts";
import type { Folder } from "./folder.ts";

export interface Module {
  readonly default: unknown;
  readonly [name: string]: unknown;
}

let builds = 0;

/** The text of the bundle of a program that exports all of a content file. */
export async function bundleText(path: string, plugin: LoaderPlugin): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [path],
    minify: true,
    plugins: [plugin],
  });
  return (await outputs[0]?.text()) ?? "";
}

/** The module that the bundle of a file is. @throws what is wrong with the file, as text. */
export async function load(folder: Folder, file: string, plugin: LoaderPlugin): Promise<Module> {
  const bundle = folder.at(`bundle-${builds++}.mjs`);
  try {
    await Bun.write(bundle, await bundleText(folder.at(file), plugin));
  } catch (error) {
    throw error instanceof AggregateError ? new Error(error.errors.join("\n")) : error;
  }
  return await import(bundle);
}
