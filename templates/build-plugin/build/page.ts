// Renders the report as a self-contained page: a treemap of the modules in each bundle, and a table of the files.
import type { Bundle, FileSize, Report } from "./report.ts";
import { printSize } from "./size.ts";
import { type Rectangle, squarify } from "./treemap.ts";

/** The aspect ratio of the layout, which the page scales to its width. */
const AREA: Rectangle = { x: 0, y: 0, width: 1200, height: 640 };
/** Tiles per bundle. */
const MAX_TILES = 250;
const LEGEND = { code: "code", content: "content", style: "styles", package: "packages" };

export async function renderPage(report: Report): Promise<Uint8Array> {
  const [style, script] = await Promise.all([
    Bun.file(`${import.meta.dir}/page.css`).text(),
    Bun.file(`${import.meta.dir}/page.js`).text(),
  ]);
  const scriptHash = new Bun.CryptoHasher("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Build report</title>
<style>${style}</style>
</head>
<body>
${header(report)}
<figure class="map" role="list" aria-label="Modules by size">${map(report.bundles)}</figure>
<p class="legend">${Object.entries(LEGEND)
    .map(([name, label]) => `<span><i class="${name}"></i>${label}</span>`)
    .join("")}<output id="detail"></output></p>
${files(report.files)}
<script>${script}</script>
</body>
</html>
`;
  return new TextEncoder().encode(html);
}

function header({ files, bundles }: Report): string {
  const site = files.filter(({ path }) => path.startsWith("site/"));
  const total = (key: "raw" | "gzip") => printSize(site.reduce((sum, file) => sum + file[key], 0));
  const modules = bundles.reduce((sum, bundle) => sum + bundle.modules.length, 0);
  return `<header>
<h1>Build report</h1>
<p><strong>${total("raw")}</strong> site <span>·</span> <strong>${total("gzip")}</strong> with gzip
<span>·</span> <strong>${modules}</strong> modules in <strong>${bundles.length}</strong> bundles</p>
<input id="filter" type="search" placeholder="Find a module" aria-label="Find a module">
</header>`;
}

function map(bundles: readonly Bundle[]): string {
  const sized = bundles
    .map(({ file, modules }) => ({ file, tiles: tilesOf(modules), bytes: sum(modules) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const areas = squarify(
    sized.map(({ bytes }) => bytes),
    AREA,
  );
  return sized
    .map(({ file, tiles, bytes }, index) => {
      const area = areas[index] ?? AREA;
      const rectangles = squarify(
        tiles.map((tile) => tile.bytes),
        { ...area, x: 0, y: 0 },
      );
      const tileElements = tiles.map((tile, at) => {
        const share = `${((100 * tile.bytes) / bytes).toFixed(1)} % of ${file}`;
        const detail = Bun.escapeHTML(`${tile.path} — ${printSize(tile.bytes)}, ${share}`);
        const style = position(rectangles[at] ?? area, area);
        return `<div class="tile ${kind(tile.path)}" role="listitem" tabindex="0" style="${style}" data-detail="${detail}" aria-label="${detail}"><b>${Bun.escapeHTML(short(tile.path))}</b><i>${printSize(tile.bytes)}</i></div>`;
      });
      return `<section style="${position(area, AREA)}"><h2>${Bun.escapeHTML(file)} <small>${printSize(bytes)}</small></h2><div class="tiles">${tileElements.join("")}</div></section>`;
    })
    .join("");
}

/** Returns the largest modules. The others would be too small to see and share one tile. */
function tilesOf(modules: Bundle["modules"]): Bundle["modules"] {
  const rest = modules.slice(MAX_TILES);
  if (rest.length === 0) return modules;
  const tile = { path: `${rest.length} smaller modules`, bytes: sum(rest) };
  return [...modules.slice(0, MAX_TILES), tile].toSorted((a, b) => b.bytes - a.bytes);
}

const sum = (modules: Bundle["modules"]): number =>
  modules.reduce((total, { bytes }) => total + bytes, 0);

function position({ x, y, width, height }: Rectangle, area: Rectangle): string {
  const share = (part: number, total: number) => `${((100 * part) / total).toFixed(3)}%`;
  return `left:${share(x, area.width)};top:${share(y, area.height)};width:${share(width, area.width)};height:${share(height, area.height)}`;
}

/** Returns the CSS class of a tile, which sets its colour. */
function kind(path: string): string {
  if (path.includes("node_modules/")) return "package";
  if (path.startsWith("site/content/") || path.endsWith(".json")) return "content";
  return path.endsWith(".css") ? "style" : "code";
}

const short = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function files(sizes: readonly FileSize[]): string {
  const rows = sizes
    .toSorted((a, b) => b.gzip - a.gzip)
    .map(({ path, raw, gzip, brotli }) => {
      const cells = [raw, gzip, brotli].map((size) => (size === undefined ? "–" : printSize(size)));
      return `<tr><th scope="row">${Bun.escapeHTML(path)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    });
  return `<table><thead><tr><th scope="col">File</th><th scope="col">raw</th><th scope="col">gzip</th><th scope="col">brotli</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}
