// Bundles the server and its page into dist/, which runs without node_modules: `bun dist/main.js`.
import { rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await Bun.build({
  entrypoints: ["src/main.ts"],
  outdir: "dist",
  target: "bun",
  sourcemap: "linked",
});
await Bun.build({
  entrypoints: ["src/features/page/index.html"],
  outdir: "dist/features/page",
  minify: true,
});
console.log("Built dist/: run it with `bun dist/main.js`.");
