// Reports errors in the HTML routes of Bun.serve. Without it, Bun's overlay would join the lines of a message, and the
// production mode would print no message.
import type { ContentError } from "../error.ts";
import type { BunHost, Loaded } from "./bun.ts";

let reporters = 0;

/**
 * Returns a function that creates the module to load instead of an invalid file. A plugin cannot read the mode of the
 * server, so the module tests `process.env.NODE_ENV`, which Bun replaces:
 * - In development, the module throws the error in the browser, and makes Bun's overlay keep its line breaks.
 * - In production, it requires `content-error-0:<file>`. The `onResolve` below throws the error, so the bundle fails.
 */
export function createServerReporter(build: BunHost): (error: ContentError) => Loaded {
  /** The latest error of each file. */
  const errors = new Map<string, ContentError>();
  // Unique, because Bun passes the imports of all plugins to each of them.
  const prefix = `content-error-${reporters++}:`;
  build.onResolve({ filter: new RegExp(`^${prefix}`) }, ({ path }) => {
    const error = errors.get(path);
    console.error(error?.message); // otherwise the only sign of the error would be a response with status 500
    throw error;
  });
  return (error) => {
    const path = prefix + error.diagnostics[0].file;
    errors.set(path, error);
    return { contents: printErrorModule(path, error), loader: "js" };
  };
}

/** A CommonJS module, so that imports of any name still bundle: a CommonJS module does not list its exports. */
const printErrorModule = (path: string, { name, message }: ContentError): string => `
if (process.env.NODE_ENV === "production") require(${JSON.stringify(path)});
const style = new CSSStyleSheet();
style.replaceSync(".message-desc code { white-space: pre-wrap }");
const addStyle = () => {
  const sheets = document.querySelector("bun-hmr")?.shadowRoot?.adoptedStyleSheets;
  if (sheets && !sheets.includes(style)) sheets.push(style);
};
new MutationObserver(addStyle).observe(document.documentElement, { childList: true, subtree: true });
addStyle();
const error = new Error(${JSON.stringify(message)});
error.name = ${JSON.stringify(name)};
error.stack = undefined;
module.exports = {};
throw error;
`;
