// The same site with Vite and the same plugins. Started in the project's folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";

const { markdown, yaml } = await import(pathToFileURL(join(process.cwd(), "library/vite.js")).href);
await build({
  root: "site",
  configFile: false,
  logLevel: "error",
  build: { outDir: "../out-vite", sourcemap: true, minify: true, reportCompressedSize: false },
  plugins: [yaml(), markdown()],
});
