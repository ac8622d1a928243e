// The report as a page of its own: a treemap of the modules in each bundle, and a table of the files.
import type { Bundle, FileSize, Report } from "./report.ts";
import { printSize } from "./size.ts";
import { type Rectangle, squarify } from "./treemap.ts";

/** The shape that the layout is made for; the page may be wider. */
const AREA: Rectangle = { x: 0, y: 0, width: 1200, height: 640 };
/** Of a bundle. */
const MOST_TILES = 250;
const LEGEND = { code: "code", content: "content", style: "styles", package: "packages" };

export async function page(report: Report): Promise<Uint8Array> {
  const [style, script] = await Promise.all([
    Bun.file(`${import.meta.dir}/page.css`).text(),
    Bun.file(`${import.meta.dir}/page.js`).text(),
  ]);
  const allowed = new Bun.CryptoHasher("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${allowed}'`;
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
  const places = squarify(
    sized.map(({ bytes }) => bytes),
    AREA,
  );
  return sized
    .map(({ file, tiles, bytes }, index) => {
      const place = places[index] ?? AREA;
      const inside = squarify(
        tiles.map((tile) => tile.bytes),
        { ...place, x: 0, y: 0 },
      );
      const shown = tiles.map((tile, at) => {
        const share = `${((100 * tile.bytes) / bytes).toFixed(1)} % of ${file}`;
        const detail = escaped(`${tile.path} — ${printSize(tile.bytes)}, ${share}`);
        const where = position(inside[at] ?? place, place);
        return `<div class="tile ${kind(tile.path)}" role="listitem" tabindex="0" style="${where}" data-detail="${detail}" aria-label="${detail}"><b>${escaped(short(tile.path))}</b><i>${printSize(tile.bytes)}</i></div>`;
      });
      return `<section style="${position(place, AREA)}"><h2>${escaped(file)} <small>${printSize(bytes)}</small></h2><div class="tiles">${shown.join("")}</div></section>`;
    })
    .join("");
}

/** The largest modules; what would be too small to see is one tile, the last. */
function tilesOf(modules: Bundle["modules"]): Bundle["modules"] {
  const rest = modules.slice(MOST_TILES);
  if (rest.length === 0) return modules;
  const tile = { path: `${rest.length} smaller modules`, bytes: sum(rest) };
  return [...modules.slice(0, MOST_TILES), tile].toSorted((a, b) => b.bytes - a.bytes);
}

const sum = (modules: Bundle["modules"]): number =>
  modules.reduce((total, { bytes }) => total + bytes, 0);

function position({ x, y, width, height }: Rectangle, area: Rectangle): string {
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(3)}%`;
  return `left:${share(x, area.width)};top:${share(y, area.height)};width:${share(width, area.width)};height:${share(height, area.height)}`;
}

/** Class of a tile, for its colour. */
function kind(path: string): string {
  if (path.includes("node_modules/")) return "package";
  if (/\.(ya?ml|md|markdown|json)$/.test(path)) return "content";
  return path.endsWith(".css") ? "style" : "code";
}

const short = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function files(sizes: readonly FileSize[]): string {
  const rows = sizes
    .toSorted((a, b) => b.gzip - a.gzip)
    .map(({ path, raw, gzip, brotli }) => {
      const cells = [raw, gzip, brotli].map((size) => (size === undefined ? "–" : printSize(size)));
      return `<tr><th scope="row">${escaped(path)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    });
  return `<table><thead><tr><th scope="col">File</th><th scope="col">raw</th><th scope="col">gzip</th><th scope="col">brotli</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const escaped = (text: string): string => Bun.escapeHTML(text);
