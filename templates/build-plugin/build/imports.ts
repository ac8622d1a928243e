// What modules import: found by Bun's transpiler, without running or bundling anything.
import { dirname, relative, resolve } from "node:path";

export interface Edge {
  /** A path from the project's folder, or the name of a package or another module outside. */
  readonly to: string;
  /** `external` is not followed. */
  readonly kind: "import" | "dynamic" | "type" | "external";
}

/** Imports by path, in the order in which they are found. */
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
  const text = await Bun.file(path).text();
  if (path.endsWith(".html")) return linksOf(text).map((link) => edge(path, link, "import"));
  const loader = /\.([cm]?[jt]sx?)$/.exec(path)?.[1]?.replace(/[cm]/, "");
  return loader === undefined ? [] : scan(path, text, loader as Bun.JavaScriptLoader);
}

/** Scripts, styles and images of a page. */
function linksOf(html: string): readonly string[] {
  const links: string[] = [];
  new HTMLRewriter()
    .on("script[src], img[src], link[href]", {
      element(element) {
        links.push(element.getAttribute("src") ?? element.getAttribute("href") ?? "");
      },
    })
    .transform(html);
  return links.filter((link) => /^\.{0,2}\//.test(link));
}

function scan(path: string, text: string, loader: Bun.JavaScriptLoader): readonly Edge[] {
  const transpiler = new Bun.Transpiler({
    loader,
    tsconfig: { compilerOptions: { verbatimModuleSyntax: true } },
  } as Bun.TranspilerOptions);
  const running = transpiler.scanImports(text);
  const found = new Set(running.map((found) => found.path));
  // The scanner leaves out what is only a type. Without the word, it is like any other import.
  const untyped = text.replaceAll(/^(import|export(?= type [{*])) type (?!from )/gm, "$1 ");
  const types = transpiler.scanImports(untyped).filter((type) => !found.has(type.path));
  return [
    ...running.map((value) =>
      edge(path, value.path, value.kind === "dynamic-import" ? "dynamic" : "import"),
    ),
    ...types.map((type) => edge(path, type.path, "type")),
  ];
}

function edge(from: string, specifier: string, kind: Edge["kind"]): Edge {
  const file = /^(\.{1,2}\/|#)/.test(specifier) ? resolved(from, specifier) : undefined;
  if (file === undefined) return { to: specifier, kind: "external" };
  return { to: relative("", file).replaceAll("\\", "/"), kind };
}

/** Undefined if there is no such file. */
function resolved(from: string, specifier: string): string | undefined {
  try {
    return Bun.resolveSync(specifier, resolve(dirname(from)));
  } catch (error) {
    if (error instanceof ResolveMessage) return undefined;
    throw error;
  }
}
