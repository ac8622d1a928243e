// Bundles content with Bun.build, and imports the bundle.
import type { BunPlugin } from "../src/index.ts";
import type { Folder } from "./folder.ts";

export interface Module {
  readonly default: unknown;
  readonly [name: string]: unknown;
}

let builds = 0;

/** Returns the bundle of a content file. */
export async function bundleText(path: string, plugin: BunPlugin): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [path],
    minify: true,
    plugins: [plugin],
  });
  return (await outputs[0]?.text()) ?? "";
}

/** Returns the module of a bundled file. @throws the messages of the bundler, as text */
export async function load(folder: Folder, file: string, plugin: BunPlugin): Promise<Module> {
  const bundle = folder.at(`bundle-${builds++}.mjs`);
  try {
    await Bun.write(bundle, await bundleText(folder.at(file), plugin));
  } catch (error) {
    throw error instanceof AggregateError ? new Error(error.errors.join("\n")) : error;
  }
  return await import(bundle);
}
