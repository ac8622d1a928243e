// Subresource Integrity (https://www.w3.org/TR/sri-2/): browsers run only what was built.
import { BuildFailure } from "./failure.ts";
import type { Files } from "./files.ts";

/** For an `integrity` attribute. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${new Bun.CryptoHasher("sha384").update(bytes).digest("base64")}`;
}

/** The files with pages that say what they load: in attributes, and in the import map what modules import. */
export function withIntegrity(files: Files): Files {
  const loaded = [...files].filter(([path]) => /\.(js|css)$/.test(path));
  const known = new Map(loaded.map(([path, bytes]) => [`./${path}`, integrityOf(bytes)]));
  const rewriter = new HTMLRewriter()
    .on("script[src], link[rel=stylesheet]", {
      element(element) {
        const url = element.getAttribute("src") ?? element.getAttribute("href") ?? "";
        const integrity = known.get(url);
        if (integrity !== undefined) element.setAttribute("integrity", integrity);
      },
    })
    .on("script[type=importmap]", importMap([...known].filter(([path]) => path.endsWith(".js"))));
  const pages = [...files].map(([path, bytes]): [string, Uint8Array] => {
    if (!path.endsWith(".html")) return [path, bytes];
    const page = rewriter.transform(new TextDecoder().decode(bytes));
    return [path, new TextEncoder().encode(page)];
  });
  return new Map(pages);
}

/** Adds to the map what https://html.spec.whatwg.org/#module-integrity-map knows of each module. */
function importMap(
  modules: readonly (readonly [url: string, integrity: string])[],
): HTMLRewriterTypes.HTMLRewriterElementContentHandlers {
  let text = "";
  return {
    text(chunk) {
      text += chunk.text;
      if (!chunk.lastInTextNode) {
        chunk.remove();
        return;
      }
      const map = { ...parsed(text), integrity: Object.fromEntries(modules) };
      chunk.replace(JSON.stringify(map), { html: true });
      text = "";
    },
  };
}

function parsed(importMap: string): object {
  try {
    return JSON.parse(importMap);
  } catch (error) {
    throw new BuildFailure(`The import map of the page is no JSON: ${error}\n${importMap}`);
  }
}
