// Builds dist/: public/ with the page under hashed names, each file compressed beforehand, and the server as main.js.
import { rm } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

await rm("dist", { recursive: true, force: true });
const { outputs } = await Bun.build({
  entrypoints: ["src/page/index.html"],
  outdir: "dist/public",
  publicPath: "/",
  minify: true,
  splitting: true,
  env: "PUBLIC_*",
  define: { "process.env.NODE_ENV": '"production"' },
  naming: { chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
});
for (const { path } of outputs) {
  const bytes = await Bun.file(path).bytes();
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const compressed = {
    gz: gzipSync(bytes, { level: 9 }),
    br: brotliCompressSync(bytes, { params: quality }),
  };
  for (const [end, smaller] of Object.entries(compressed)) {
    // Pictures and fonts are compressed already.
    if (smaller.length < bytes.length) await Bun.write(`${path}.${end}`, smaller);
  }
}
await Bun.build({
  entrypoints: ["src/main.ts"],
  outdir: "dist",
  target: "bun",
  sourcemap: "linked",
});
console.log(`Built dist/: ${outputs.length} files of the page. Start it with \`bun run start\`.`);
