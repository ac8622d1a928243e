// Bundles the programs into dist/, which runs without node_modules: `bun dist/main.js`.
import { rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await Bun.build({
  entrypoints: [
    "src/main.ts",
    "src/db.ts",
    // #region transfer
    "src/features/transfer/import-worker.ts",
    // #endregion
  ],
  outdir: "dist",
  target: "bun",
  sourcemap: "linked",
});
console.log("Built dist/: run it with `bun dist/main.js`, next to migrations/.");
