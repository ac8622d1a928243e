// Defect: an edit of an imported JSON file, text, image or other data does not reach the modules that import it.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/24067
// Workaround: JSON and text become ES modules, which are updated in place; for other files the page reloads.
import { dirname, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { moduleUrlsIn } from "./module-urls.ts";
import { requestReload, SOURCE, shorten, textOf, versionOf } from "./source-files.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/**
 * `from "./file" with { type: "text" }`, and `import("./file", { with: { type: "text" } })`. Group 1 is the specifier, group 2
 * the type.
 */
const TYPED_IMPORT =
  /(?:from|import\()\s*["']([^"']+)["']\s*,?\s*\{?\s*with:?\s*\{\s*["']?type["']?\s*:\s*["'](text|file)["']/g;
/** Scripts, styles and the page. */
const UPDATED_BY_BUN = /\.(m?[jt]sx?|css)$|[\\/]index\.html$/;

const parsers: Partial<Record<string, (text: string) => unknown>> = {
  json: JSON.parse,
  jsonc: Bun.JSONC.parse,
  text: (text) => text,
};
/** The type of each file that a source imports as `text` or as `file`, by path and by source; `onLoad` does not get this type. */
const typedImports = new Map<string, ReadonlyMap<string, string>>();
/** The loaded version of each image and other file that is not a module, by path. After an edit, the page reloads. */
const assetVersions = new Map<string, string>();

export default {
  name: "data-imports",
  setup(build) {
    build.onLoad({ filter: SOURCE }, ({ path, loader }) => {
      const imports = typedImports.values().find((types) => types.has(path));
      const type = imports?.get(path);
      if (UPDATED_BY_BUN.test(path) && type !== "text") {
        typedImports.set(path, findTypedImports(path));
        return undefined;
      }
      const parse = parsers[type ?? loader];
      if (parse) return toModule(path, parse);
      const version = versionOf(path);
      if (assetVersions.has(path) && assetVersions.get(path) !== version) {
        requestReload(`${shorten(path)} changed`);
      }
      assetVersions.set(path, version);
      return undefined;
    });
  },
} satisfies BunPlugin;

function findTypedImports(importer: string): ReadonlyMap<string, string> {
  const text = textOf(importer);
  const typed = [...text.matchAll(TYPED_IMPORT)].map(([, specifier = "", type = ""]) => {
    return [resolvePath(specifier, dirname(importer)), type] as const;
  });
  // The plugin `module-urls` imports the files of `new URL(…)` with the type `file`.
  const urls = moduleUrlsIn(importer, text).map((path) => [path, "file"] as const);
  return new Map([...urls, ...typed]);
}

/** Also resolves an alias, such as `@/file`. A file that is missing at this moment may be added later. */
function resolvePath(specifier: string, folder: string): string {
  try {
    return Bun.resolveSync(specifier, folder);
  } catch {
    return resolve(folder, specifier);
  }
}

function toModule(path: string, parse: (text: string) => unknown) {
  try {
    const value = parse(textOf(path));
    const names = Object.keys(typeof value === "object" && value ? value : {});
    const exported = names.filter((name) => IDENTIFIER.test(name) && name !== "default");
    const contents = [
      // In an object literal, the key `__proto__` would set the prototype.
      `const value = JSON.parse(${JSON.stringify(JSON.stringify(value))});`,
      "export default value;",
      ...exported.map((name, index) => `const value${index} = value.${name};`),
      `export { ${exported.map((name, index) => `value${index} as ${name}`).join(", ")} };`,
    ];
    return { contents: contents.join("\n"), loader: "js" as const };
  } catch {
    // Bun reports the location of the error.
    return undefined;
  }
}
