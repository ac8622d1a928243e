// Defect: if a hook in a .ts file gets or loses a call of another hook, components that use it throw "Rendered more hooks than
// during the previous render". Only in .tsx files does Bun record for React Fast Refresh which hooks a hook calls.
// Bun 1.4.5, no issue found.
// Workaround: loads .ts files that name hooks as .tsx files. A file stays .ts if it contains syntax that .tsx files do not have.
import type { BunPlugin } from "bun";
import { SOURCE, textOf } from "./source-files.ts";

const TYPESCRIPT_SOURCE = new RegExp(`${SOURCE.source}.*\\.ts$`);
const HOOK = /\buse[A-Z]/;
/** The start of `<T>(value: T) => …`. In a .tsx file, it must be `<T,>`. */
const GENERIC = /(?<==\s*<\w+)(?=>\()/g;

export default {
  name: "hook-edits",
  setup(build) {
    build.onLoad({ filter: TYPESCRIPT_SOURCE }, ({ path }) => {
      const contents = textOf(path).replace(GENERIC, ",");
      return HOOK.test(contents) && isTsx(contents) ? { contents, loader: "tsx" } : undefined;
    });
  },
} satisfies BunPlugin;

function isTsx(code: string): boolean {
  try {
    new Bun.Transpiler({ loader: "tsx" }).scan(code);
    return true;
  } catch {
    return false;
  }
}
