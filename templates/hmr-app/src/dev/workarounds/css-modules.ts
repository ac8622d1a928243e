// Defect: `import styles from "./x.module.css"` throws a ReferenceError in the page.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/18258
// Workaround: Lightning CSS turns a CSS Module into a script that exports the class names and adopts the style sheet.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { type CSSModuleExport, transform } from "lightningcss";
import { reloadAfterError, SUFFIX, textOf } from "./source-files.ts";

/** `url("#filter")`, `data:` and other URLs that are not those of a file. */
const NOT_A_FILE = /^(#|[a-z][a-z\d+.-]*:|\/\/)/i;

export default {
  name: "css-modules",
  setup(build) {
    build.onLoad({ filter: /\.module\.css$/ }, async ({ path }) => {
      const code = Buffer.from(textOf(path));
      const contents = await reloadAfterError(path, () => toScript(path, code));
      return { contents, loader: "js" };
    });
  },
} satisfies BunPlugin;

/** @throws {SyntaxError} with the location, if the style sheet does not parse. */
function toScript(filename: string, code: Uint8Array): string {
  const imports: string[] = [];
  /** Returns the name of the variable that holds the default export of `specifier`. */
  const importDefault = (specifier: string) => {
    imports.push(`import import${imports.length} from ${toScriptSpecifier(specifier)};`);
    return `import${imports.length - 1}`;
  };
  /** In a style sheet, `icon.svg` may be a file beside it. In a script, it would be a package. */
  const toScriptSpecifier = (url: string) => {
    const path = url.replace(SUFFIX, "");
    const isBeside = !path.startsWith(".") && existsSync(resolve(dirname(filename), path));
    return JSON.stringify(isBeside ? `./${path}` : path);
  };
  const { code: css, exports, dependencies } = parse(filename, code);
  const classes = Object.entries(exports || {});
  /** Returns expressions for the scoped names of a class and of the classes that it composes, also indirectly. */
  const namesOf = ({ name, composes }: CSSModuleExport, seen: string[] = []): readonly string[] => {
    // Two classes may compose each other.
    if (seen.includes(name)) return [];
    seen.push(name);
    const composed = composes.flatMap((reference) => {
      if (reference.type === "dependency")
        return `${importDefault(reference.specifier)}[${JSON.stringify(reference.name)}]`;
      const [, local] = classes.find(([, it]) => it.name === reference.name) ?? [];
      return local ? namesOf(local, seen) : JSON.stringify(reference.name);
    });
    return [JSON.stringify(name), ...composed];
  };

  let sheet = JSON.stringify(css.toString());
  for (const dependency of dependencies ?? []) {
    if (dependency.type !== "import" && dependency.type !== "url") continue;
    const isFile = !NOT_A_FILE.test(dependency.url);
    if (dependency.type === "import") {
      // A style sheet of another origin is left out: a script cannot import it, and the policy of the page refuses it.
      if (isFile) imports.push(`import ${toScriptSpecifier(dependency.url)};`);
      continue;
    }
    const [suffix = ""] = SUFFIX.exec(dependency.url) ?? [];
    const [url, end] = isFile ? [importDefault(dependency.url), suffix] : ['""', dependency.url];
    const text = JSON.stringify(JSON.stringify(end).slice(1, -1));
    sheet = sheet.replaceAll(dependency.placeholder, () => `" + ${url} + ${text} + "`);
  }
  const exported = classes.map(
    // A getter, because two style sheets may import each other.
    ([name, it]) =>
      `get ${JSON.stringify(name)}() { return [${namesOf(it).join(", ")}].join(" "); }`,
  );
  return [
    ...imports,
    // Unlike a style element, an adopted style sheet is allowed by the Content-Security-Policy.
    "const sheet = (import.meta.hot.data.sheet ??= new CSSStyleSheet());",
    `sheet.replaceSync(${sheet});`,
    "if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);",
    `export default { ${exported.join(", ")} };`,
  ].join("\n");
}

function parse(filename: string, code: Uint8Array) {
  // `bun run build` does not scope the names of grid areas either.
  const cssModules = { grid: false };
  try {
    return transform({ filename, code, cssModules, analyzeDependencies: true });
  } catch (cause) {
    const { message, loc } = cause as Error & { loc?: { line: number; column: number } };
    throw new SyntaxError(`${message} at ${filename}:${loc?.line}:${loc?.column}`, { cause });
  }
}
