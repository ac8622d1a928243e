// The programs in dist/ work without the sources and without node_modules.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { Copy } from "./copy.ts";
import { PROCESS_TIMEOUT } from "./project.ts";

test(
  "the bundle migrates, and its errors name its own command",
  async () => {
    using copy = new Copy();
    await copy.run("bun run build");
    for (const name of ["src", "node_modules"]) rmSync(copy.join(name), { recursive: true });
    await expect(copy.run("bun dist/db.js seed")).rejects.toThrow("`bun dist/db.js up`");
    await copy.run("bun dist/db.js up && bun dist/db.js seed");
    // #region articles
    await copy.run('test "$(bun dist/db.js reindex)" = "indexed  articles: 3"');
    // #endregion
  },
  PROCESS_TIMEOUT,
);
