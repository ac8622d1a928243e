// The same site with Vite and the same loaders. Started in the project's folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";

const { markdown, yaml } = await import(
  pathToFileURL(join(process.cwd(), "library/index.js")).href
);
const loads = [];
for (const plugin of [yaml(), markdown()]) {
  plugin.setup({ onLoad: ({ filter }, load) => loads.push([filter, load]) });
}
await build({
  root: "site",
  configFile: false,
  logLevel: "error",
  build: { outDir: "../out-vite", sourcemap: true, minify: true, reportCompressedSize: false },
  plugins: [
    {
      name: "content",
      load(path) {
        return loads.find(([filter]) => filter.test(path))?.[1]({ path }).contents;
      },
    },
  ],
});
