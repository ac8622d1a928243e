// The same site with `Bun.build` alone: no manifest, no report, no cache. Started in the project's folder.
import { resolve } from "node:path";

const { default: plugin } = await import(resolve("site/collections.ts"));
await Bun.build({
  entrypoints: ["site/index.html"],
  root: "site",
  outdir: "out-bare",
  target: "browser",
  minify: true,
  splitting: true,
  sourcemap: "linked",
  naming: {
    entry: "[dir]/[name].[ext]",
    chunk: "[name]-[hash].[ext]",
    asset: "[name]-[hash].[ext]",
  },
  plugins: [plugin],
});
