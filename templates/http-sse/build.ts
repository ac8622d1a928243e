// Bundles the service into dist/, which runs without node_modules: `bun dist/main.js`.
import { rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await Bun.build({
  entrypoints: [
    "src/main.ts",
    // #region jobs
    // The worker is loaded by its path, so it needs a separate bundle.
    "src/features/jobs/worker.ts",
    // #endregion
  ],
  outdir: "dist",
  target: "bun",
  sourcemap: "linked",
});
// #region page
await Bun.build({
  entrypoints: ["src/features/page/index.html"],
  outdir: "dist/features/page",
  minify: true,
});
// #endregion
console.log("Built dist/: run it with `bun dist/main.js`.");
