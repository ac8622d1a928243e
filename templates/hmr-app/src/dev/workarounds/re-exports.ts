// Defect: in an import cycle, a module that only re-exports others, such as an index.ts, has no exports until all of them are
// evaluated. A module that imports one of them through the index.ts throws "Cannot read properties of null".
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/40378
// Workaround: changes Bun's script in the page. Until a module that only re-exports is evaluated, it provides the exports of
// those of its dependencies that are.

type Exports = Readonly<Record<string, unknown>>;

/** The parameter of the function of a module in the bundle. */
interface Hot {
  readonly imports: Exports[];
  exports?: Exports;
}

/** The dependencies of a module, each followed by a number and as many names; and the function that evaluates it. */
type Bundled = readonly [
  dependencies: readonly (string | number)[],
  exports: unknown,
  stars: unknown,
  evaluate: (hot: Hot) => void,
];

interface Loaded {
  readonly esm: boolean;
  /** Null until the module is evaluated. */
  readonly exports: Exports | null;
}

/** In minified code: the parameter that holds the bundle, the map of the loaded modules, and where exports are read. */
const BUNDLE = /^\(async\(([\w$]+),/;
const LOADED = /([\w$]+)\.get\([\w$]+\);if\([\w$]+\)\{let\{state:/;
const READ = /([\w$]+)\.esm\?\1\.exports(?=:\1\.exports\?\?=)/;

export function provideReexports(code: string): string {
  const [, bundle] = BUNDLE.exec(code) ?? [];
  const [, loaded] = LOADED.exec(code) ?? [];
  if (!bundle || !loaded) return code;
  // In one line, so that the line numbers of the source map do not change.
  const provide = String(exportsOf).replaceAll("\n", " ");
  return code.replace(
    READ,
    (read, name) => `${read}??(${provide})(${name}.id,${bundle},${loaded})`,
  );
}

/**
 * Returns the exports of an evaluated module, or those that a module that only re-exports has so far; otherwise null. The
 * pattern finds the latter: to call their functions early has no side effects. Runs in the page, so it may only use its
 * parameters, and it is joined into one line, so it may not contain comments.
 */
function exportsOf(
  id: string,
  bundle: Readonly<Record<string, Bundled>>,
  loaded: ReadonlyMap<string, Loaded>,
  importers: readonly string[] = [],
): Exports | null {
  const { esm, exports } = loaded.get(id) ?? {};
  const [dependencies = [], , , evaluate] = bundle[id] ?? [];
  if (!esm || exports || !evaluate || importers.includes(id)) return exports ?? null;
  const reexports =
    /^\(hmr\) => \{\s*var \[[^\]]*\] = hmr\.imports;\s*hmr\.updateImport = \[[^\]]*\];\s*hmr\.exports = \{(\s*(\.\.\.[\w$]+|get [^()]+\(\) \{\s*return [\w$.]+;\s*\}),?)*\s*\};\s*\}$/;
  if (!reexports.test(String(evaluate))) return null;
  const hot: Hot = { imports: [] };
  for (let index = 0; index < dependencies.length; index += 2 + Number(dependencies[index + 1])) {
    const dependency = String(dependencies[index]);
    hot.imports.push(exportsOf(dependency, bundle, loaded, [...importers, id]) ?? {});
  }
  evaluate(hot);
  return hot.exports ?? null;
}
