// Defects: (a) an edit of a module does not reach a value that another module derives from it, as in
// `export const area = size * size`, or re-exports with `export *`. The terminal says that the page was updated. (b) After an
// edit, a module may be evaluated before one that it imports, and then derives a value from an old one. (c) An edit of a module
// that sets `import.meta.hot.data` does not reach the modules that import it.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/37795 for (a) and (b), no issue found for (c)
// Workaround: changes Bun's script in the page. (a) An edit also evaluates the modules between the edited one and the components.
// (b) Modules are evaluated after those that they import, and after their top-level `await`. (c) A module
// with data accepts its own edits only if no module imports it, as is true of a script of index.html.

/** A module in the page. */
interface Loaded {
  readonly id: string;
}

/** The code of the modules by id. The first element lists the dependencies, each followed by a number and as many names. */
type Bundle = Readonly<Record<string, readonly [(string | number)[]]>>;

/** In minified code: the search for components among the importers. The groups are a module, the modules to evaluate, and whether the search goes on. */
const SEARCH =
  /if\(([\w$]+)\.selfAccept\)\{if\(([\w$]+)\.add\(\1\).{0,300}?(?=if\(([\w$]+)&&\1\.importers\.size===0\))/;
/** In minified code: the parameter that holds the bundle. */
const BUNDLE = /^\(async\(([\w$]+),/;
/** In minified code: where the search ends at a module with data. Group 2 is the module. */
const DATA = /(\.keys\(([\w$]+)\.data\).{0,80}?[\w$]+=)!1/;
/** In minified code: where the evaluation of the modules starts, and where it gets the promise of a module. */
const EVALUATION = /for\(let ([\w$]+) of ([\w$]+)\)\{(?=\1\.state=1;let )/;
const PROMISE = /else [\w$]+\.push\(([\w$]+)\.then\(.{0,60}?\}\)\)/;

export function evaluateImporters(code: string): string {
  const [, bundle] = BUNDLE.exec(code) ?? [];
  if (!bundle) return code;
  // In one line, so that the line numbers of the source map do not change.
  const order = String(dependenciesFirst).replaceAll("\n", " ");
  return code
    .replace(SEARCH, "$&if($3)$2.add($1);")
    .replace(DATA, "$1[...$2.importers].some((it)=>it.importers.size>0)")
    .replace(EVALUATION, (_, each, all) => `for(let ${each} of (${order})(${all},${bundle})){`)
    .replace(PROMISE, "$&,await $1.catch(()=>{})");
}

/**
 * Returns `modules` in the order in which a page that is opened evaluates them. Runs in the page, so it may only use its parameters,
 * and it is joined into one line, so it may not contain comments.
 */
function dependenciesFirst(modules: ReadonlySet<Loaded>, bundle: Bundle): ReadonlySet<Loaded> {
  const byId = new Map([...modules].map((it) => [it.id, it]));
  const visited = new Set<string>();
  const ordered = new Set<Loaded>();
  const visit = (id: string) => {
    if (visited.has(id)) return;
    visited.add(id);
    const dependencies = bundle[id]?.[0] ?? [];
    for (let index = 0; index < dependencies.length; index += 2 + Number(dependencies[index + 1]))
      visit(String(dependencies[index]));
    const module = byId.get(id);
    if (module) ordered.add(module);
  };
  for (const id of byId.keys()) visit(id);
  return ordered;
}
