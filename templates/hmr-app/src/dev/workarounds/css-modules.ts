// Defect: `import styles from "./x.module.css"` throws a ReferenceError in the page.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/18258
// Workaround: Lightning CSS turns a CSS Module into a script that exports the class names and adopts the style sheet.
import type { BunPlugin } from "bun";
import { type CSSModuleReference, transform } from "lightningcss";
import { shorten, textOf } from "./missed-edits.ts";

/** An error that a plugin throws stays in Bun's overlay until the page reloads. */
const withErrors = new Set<string>();

export default {
  name: "css-modules",
  setup(build) {
    build.onLoad({ filter: /\.module\.css$/ }, ({ path }) => {
      const hadError = withErrors.has(path);
      // Stays in the set if `toScript` throws.
      withErrors.add(path);
      const contents = toScript(path, Buffer.from(textOf(path)));
      withErrors.delete(path);
      if (hadError) process.send?.({ type: "reload", reason: `${shorten(path)} was fixed` });
      return { contents, loader: "js" };
    });
  },
} satisfies BunPlugin;

/** @throws {SyntaxError} with the location, if the style sheet does not parse. */
function toScript(filename: string, code: Uint8Array): string {
  const imports: string[] = [];
  /** Returns the name of the variable that holds the default export of `specifier`. */
  const importDefault = (specifier: string) => {
    imports.push(`import import${imports.length} from ${JSON.stringify(specifier)};`);
    return `import${imports.length - 1}`;
  };
  const composed = (reference: CSSModuleReference) =>
    reference.type === "dependency"
      ? `${importDefault(reference.specifier)}[${JSON.stringify(reference.name)}]`
      : JSON.stringify(reference.name);

  const { code: css, exports = {}, dependencies = [] } = parse(filename, code);
  let sheet = JSON.stringify(css.toString());
  for (const dependency of dependencies ?? []) {
    if (dependency.type === "import") imports.push(`import ${JSON.stringify(dependency.url)};`);
    if (dependency.type !== "url") continue;
    const variable = importDefault(dependency.url);
    sheet = sheet.replaceAll(dependency.placeholder, `" + ${variable} + "`);
  }
  const classes = Object.entries(exports || {}).map(([name, { name: scoped, composes }]) => {
    const all = [JSON.stringify(scoped), ...composes.map(composed)];
    return `${JSON.stringify(name)}: [${all.join(", ")}].join(" ")`;
  });
  return [
    ...imports,
    // Unlike a style element, an adopted style sheet is allowed by the Content-Security-Policy.
    "const sheet = (import.meta.hot.data.sheet ??= new CSSStyleSheet());",
    `sheet.replaceSync(${sheet});`,
    "if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);",
    `export default { ${classes.join(", ")} };`,
  ].join("\n");
}

function parse(filename: string, code: Uint8Array) {
  try {
    return transform({ filename, code, cssModules: true, analyzeDependencies: true });
  } catch (cause) {
    const { message, loc } = cause as Error & { loc?: { line: number; column: number } };
    throw new SyntaxError(`${message} at ${filename}:${loc?.line}:${loc?.column}`, { cause });
  }
}
