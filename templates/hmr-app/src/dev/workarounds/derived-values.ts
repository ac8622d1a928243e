// Defect: an edit of a module does not reach a value that another module derives from it, as in `export const area = size * size`,
// or re-exports with `export *`. The terminal says that the page was updated.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/37795
// Workaround: changes Bun's script in the page, so that an edit also evaluates the modules between the edited one and the
// components.

/** In minified code: the search for components among the importers. The groups are a module, the modules to evaluate, and whether the search goes on. */
const SEARCH =
  /if\(([\w$]+)\.selfAccept\)\{if\(([\w$]+)\.add\(\1\).{0,300}?(?=if\(([\w$]+)&&\1\.importers\.size===0\))/;

export function evaluateImporters(code: string): string {
  return code.replace(SEARCH, "$&if($3)$2.add($1);");
}
