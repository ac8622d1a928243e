// Refuses a plugin in the wrong host, which would otherwise ignore it or fail with an unclear message.
import { readFileSync } from "node:fs";
import { StacklessError } from "../error.ts";

/** The entries of this package, with the hosts of each. */
const HOSTS = { index: "Bun and esbuild", vite: "Vite", rollup: "Rollup and Rolldown" };
type Entry = keyof typeof HOSTS;

/**
 * Adds hooks that detect the wrong host, and throw an error that names the entry to import. They are not enumerable,
 * because esbuild refuses a plugin with properties that it does not know.
 */
export function restrictToHostsOfEntry<Plugin extends { readonly name: string }>(
  entry: Entry,
  plugin: Plugin,
): Plugin {
  const refuse = () => {
    throw new StacklessError(describe(plugin.name, entry));
  };
  let isVite = false;
  const configResolved = () => {
    isVite = true;
  };
  const hooks: Readonly<Record<Entry, PropertyDescriptorMap>> = {
    // The entry for Bun and esbuild refuses Vite and webpack, which call `apply`, and Rollup and Rolldown, which call `options`.
    index: { apply: { value: refuse }, options: { value: refuse } },
    // The entry for Rollup and Rolldown refuses Bun and esbuild, which read `setup`, and Vite, which calls `configResolved`.
    rollup: { setup: { get: refuse }, configResolved: { value: refuse } },
    // The entry for Vite refuses Bun and esbuild, and Rollup and Rolldown, which call `buildStart` without `configResolved`.
    vite: {
      setup: { get: refuse },
      configResolved: { value: configResolved },
      buildStart: { value: () => isVite || refuse() },
    },
  };
  return Object.defineProperties(plugin, hooks[entry]);
}

function describe(plugin: string, entry: Entry): string {
  const name = packageName();
  const specifier = (of: string) => (of === "index" ? name : `${name}/${of}`);
  const others = Object.entries(HOSTS)
    .filter(([other]) => other !== entry)
    .map(([other, hosts]) => `For ${hosts}, import it from "${specifier(other)}".`);
  return [
    `The plugin "${plugin}" is for ${HOSTS[entry]}.`,
    ...others,
    "Other bundlers are not supported.",
  ].join(" ");
}

/** The name in the nearest package.json above this module, which is this package's own. */
export function packageName(): string {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    try {
      return JSON.parse(readFileSync(new URL("package.json", folder), "utf8")).name;
    } catch (error) {
      const isRoot = new URL("..", folder).href === folder.href;
      if (isRoot || !(error instanceof Error && "code" in error && error.code === "ENOENT"))
        throw error;
    }
  }
}
