// Adapts the plugin of the site's content to the build: imports it lazily, and exposes its filters.
import type { BunHost, BunPlugin } from "../src/hosts/bun.ts";

type OnLoad = Parameters<BunHost["onLoad"]>[1];

/** Matches every file that Bun does not compile itself. Any of them may be content. */
const OTHER_FILES = /\.(?!([cm]?[jt]sx?|css|html)$)[^./\\]+$/i;

/**
 * Returns a plugin that imports the actual one when its first file is loaded, so that the import does not delay the bundler.
 * @param load imports the module with the actual plugin. Files that match none of its filters are left to Bun.
 */
export function lazyPlugin(load: () => Promise<{ readonly default: BunPlugin }>): Bun.BunPlugin {
  return {
    name: "lazy",
    setup(build) {
      let loaders: Promise<ReadonlyMap<RegExp, OnLoad>> | undefined;
      build.onLoad({ filter: OTHER_FILES, namespace: "file" }, async (file) => {
        loaders ??= load().then((module) => loadersOf(module.default, build));
        for (const [filter, callback] of await loaders) {
          if (filter.test(file.path)) return await callback(file);
        }
        return undefined;
      });
    },
  };
}

/** A build object that `hostOf` in src/hosts/bun.ts takes for Bun's. For esbuild, plugins would register wider filters. */
const BUN_HOST = { module: undefined };

/** Returns a matcher of the paths that the plugin loads. */
export function filterOf(plugin: BunPlugin): { readonly test: (path: string) => boolean } {
  const filters = [...loadersOf(plugin, BUN_HOST).keys()];
  return { test: (path) => filters.some((filter) => filter.test(`/${path}`)) };
}

/** Returns the filters and callbacks that the plugin registers, in order of registration. */
function loadersOf(plugin: BunPlugin, build: object): ReadonlyMap<RegExp, OnLoad> {
  const loaders = new Map<RegExp, OnLoad>();
  const recorder: BunHost = Object.create(build, {
    onLoad: {
      value: ({ filter }: { filter: RegExp }, callback: OnLoad) => loaders.set(filter, callback),
    },
  });
  plugin.setup(recorder);
  return loaders;
}
