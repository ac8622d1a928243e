// The same site with esbuild and the same loaders. Started in the project's folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const { markdown, yaml } = await import(
  pathToFileURL(join(process.cwd(), "library/index.js")).href
);
await build({
  entryPoints: ["site/main.ts", "site/style.css"],
  outdir: "out-esbuild",
  bundle: true,
  format: "esm",
  minify: true,
  splitting: true,
  sourcemap: "linked",
  entryNames: "[name]-[hash]",
  logLevel: "error",
  plugins: [yaml(), markdown()],
});
