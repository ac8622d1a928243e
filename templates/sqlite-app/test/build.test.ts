// The programs in dist/ work without the sources and without node_modules.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { Copy } from "./copy.ts";
import { PROCESS_TIMEOUT } from "./project.ts";

test(
  "the bundle needs no sources, its errors name its own command, and it creates no sample users",
  async () => {
    using copy = new Copy();
    await copy.run("bun run build");
    await expect(copy.run("bun dist/db.js dump")).rejects.toThrow("`bun dist/db.js up`");
    await copy.run("bun run db up && bun run db seed");
    for (const name of ["src", "node_modules"]) rmSync(copy.join(name), { recursive: true });
    await copy.run("bun dist/db.js up");
    await expect(copy.run("bun dist/db.js seed")).rejects.toThrow("known password");
    // #region articles
    await copy.run('test "$(bun dist/db.js reindex)" = "indexed  articles: 3"');
    // #endregion
  },
  PROCESS_TIMEOUT,
);
