// Builds dist/: public/ has the page with hashed and precompressed files, main.js is the server.
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
  for (const [suffix, smaller] of Object.entries(compressed)) {
    // Images and fonts are compressed already: their variants would be larger.
    if (smaller.length < bytes.length) await Bun.write(`${path}.${suffix}`, smaller);
  }
}
await Bun.build({
  entrypoints: ["src/main.ts"],
  outdir: "dist",
  target: "bun",
  sourcemap: "linked",
});
console.log(`Built dist/: ${outputs.length} files of the page. Run it with \`bun run start\`.`);
