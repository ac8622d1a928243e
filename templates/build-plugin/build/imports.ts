// Reads the imports of modules with Bun's transpiler, without running or bundling them.
import { isAbsolute, relative } from "node:path";
import { resolveImport } from "./files.ts";

export interface Edge {
  /** A path relative to the project's folder, or the specifier of an installed package or another external module. */
  readonly to: string;
  /** The imports of an `external` module are not read. */
  readonly kind: "import" | "dynamic" | "type" | "external";
}

/** The imports of each module by its path, in breadth-first order. */
export type Graph = ReadonlyMap<string, readonly Edge[]>;

export async function readGraph(entries: readonly string[]): Promise<Graph> {
  const graph = new Map<string, readonly Edge[]>();
  const waiting = [...entries];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (graph.has(path)) continue;
    const edges = await importsOf(path);
    graph.set(path, edges);
    waiting.push(...edges.filter(({ kind }) => kind !== "external").map(({ to }) => to));
  }
  return graph;
}

async function importsOf(path: string): Promise<readonly Edge[]> {
  // The scanner does not accept a shebang (#!).
  const text = (await Bun.file(path).text()).replace(/^#!.*/, "");
  if (path.endsWith(".html")) return linksOf(text).map((link) => edge(path, link, "import"));
  const syntax = /\.([cm]?[jt]sx?)$/.exec(path)?.[1]?.replace(/[cm]/, "");
  return syntax === undefined ? [] : scan(path, text, syntax as Bun.JavaScriptLoader);
}

/** Returns the URLs of a page's scripts, styles and images in the form `./main.ts`. Omits those of other sites. */
function linksOf(html: string): readonly string[] {
  const links: string[] = [];
  new HTMLRewriter()
    .on("script[src], img[src], link[href]", {
      element(element) {
        links.push(element.getAttribute("src") ?? element.getAttribute("href") ?? "");
      },
    })
    .transform(html);
  return links
    .filter((link) => !/^(\w+:|\/\/|#)/.test(link))
    .map((link) => link.replace(/^\/?(?![./])/, "./"));
}

function scan(path: string, text: string, syntax: Bun.JavaScriptLoader): readonly Edge[] {
  const transpiler = new Bun.Transpiler({
    loader: syntax,
    tsconfig: { compilerOptions: { verbatimModuleSyntax: true } },
  } as Bun.TranspilerOptions);
  const values = transpiler.scanImports(text);
  const valuePaths = new Set(values.map(({ path }) => path));
  // The scanner omits imports of types. Without the keyword `type`, they look like any other import.
  const untyped = text.replaceAll(/^(import|export(?= type [{*])) type (?!from )/gm, "$1 ");
  const types = transpiler.scanImports(untyped).filter((type) => !valuePaths.has(type.path));
  return [
    ...values.map((value) =>
      edge(path, value.path, value.kind === "dynamic-import" ? "dynamic" : "import"),
    ),
    ...types.map((type) => edge(path, type.path, "type")),
  ];
}

function edge(from: string, specifier: string, kind: Edge["kind"]): Edge {
  const file = resolveImport(from, specifier);
  // Built-in modules have no path.
  const isOurs = file !== undefined && isAbsolute(file) && !/[/\\]node_modules[/\\]/.test(file);
  if (!isOurs) return { to: specifier, kind: "external" };
  return { to: relative("", file).replaceAll("\\", "/"), kind };
}
