// Subresource Integrity (https://www.w3.org/TR/sri-2/): browsers refuse scripts and styles that differ from the build.
import type { Files } from "../scripts/output.ts";
import { BuildFailure } from "./failure.ts";
import { reachable } from "./reachable.ts";

/** Returns the hash of a file in the format of an `integrity` attribute. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${new Bun.CryptoHasher("sha384").update(bytes).digest("base64")}`;
}

/**
 * Returns the files with the hashes added to the pages: `integrity` attributes for the scripts and styles that a page
 * loads, and an import map for the modules that those import, statically or dynamically
 * (https://html.spec.whatwg.org/#module-integrity-map).
 */
export function addIntegrity(files: Files, { outputs }: Bun.BuildMetafile): Files {
  const hashes = new Map(
    [...files]
      .filter(([path]) => /\.(js|css)$/.test(path))
      .map(([path, bytes]) => [`./${path}`, integrityOf(bytes)]),
  );
  const importsOf = (url: string) => outputs[url]?.imports.map(({ path }) => path) ?? [];
  const addHashes = ([path, bytes]: [string, Uint8Array]): [string, Uint8Array] => {
    if (!path.endsWith(".html")) return [path, bytes];
    const page = setAttributes(new TextDecoder().decode(bytes), hashes);
    const modules = [...reachable(page.scripts, importsOf)].filter((url) => hashes.has(url));
    const integrity = Object.fromEntries(modules.toSorted().map((url) => [url, hashes.get(url)]));
    return [path, new TextEncoder().encode(setImportMap(path, page.html, integrity))];
  };
  return new Map([...files].map(addHashes));
}

/** Returns the page with the attributes, and the URLs of its scripts. */
function setAttributes(html: string, hashes: ReadonlyMap<string, string>) {
  const scripts: string[] = [];
  const element = (element: HTMLRewriterTypes.Element) => {
    const url = element.getAttribute("src") ?? element.getAttribute("href") ?? "";
    if (element.tagName === "script") scripts.push(url);
    const integrity = hashes.get(url);
    if (integrity !== undefined) element.setAttribute("integrity", integrity);
  };
  const loads = "script[src], link[rel=stylesheet], link[rel=modulepreload]";
  return { html: new HTMLRewriter().on(loads, { element }).transform(html), scripts };
}

/** Adds the hashes to the page's first import map. A page without a map gets one before its first module. */
function setImportMap(path: string, html: string, integrity: object): string {
  if (Object.keys(integrity).length === 0) return html;
  let text = "";
  let hasMap = false;
  const withMap = new HTMLRewriter()
    .on("script[type=importmap]", {
      text(chunk) {
        if (hasMap) return;
        text += chunk.text;
        if (!chunk.lastInTextNode) {
          chunk.remove();
          return;
        }
        hasMap = true;
        const map = parseMap(path, text);
        const merged = { ...map, integrity: { ...map.integrity, ...integrity } };
        chunk.replace(printMap(merged), { html: true });
      },
    })
    .transform(html);
  if (hasMap) return withMap;
  const map = `<script type="importmap">${printMap({ integrity })}</script>`;
  let isPlaced = false;
  return new HTMLRewriter()
    .on("script, link[rel=modulepreload]", {
      element(element) {
        if (!isPlaced) element.before(map, { html: true });
        isPlaced = true;
      },
    })
    .transform(html);
}

/** Escapes `<`, because a path with `</script` would end the element. */
const printMap = (map: object): string => JSON.stringify(map).replaceAll("<", "\\u003c");

function parseMap(path: string, text: string): { readonly integrity?: object } {
  try {
    return JSON.parse(text) ?? {};
  } catch (error) {
    throw new BuildFailure(`The import map of site/${path} is not valid JSON: ${error}\n${text}`);
  }
}
