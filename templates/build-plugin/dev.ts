// `bun run dev`: the site with hot reload. The plugins come from [serve.static] in bunfig.toml.
import { basename, resolve } from "node:path";
import { BuildFailure, runAndReport } from "./build/failure.ts";
import { pathsBelow } from "./build/files.ts";
import { SOURCE_FOLDERS } from "./build/pipeline.ts";
import { findPages } from "./build/site.ts";
import { foldersOf, Watcher } from "./build/watcher.ts";
// Imported so that `bun --watch` starts this program again when a schema or a plugin has changed.
import "./site/collections.ts";

const PUBLIC = "site/public";

process.chdir(import.meta.dir);
const exitCode = await runAndReport(async () => {
  if (process.argv.length > 2) {
    throw new BuildFailure("`bun run dev` has no options.", "Set the port like PORT=4000.");
  }
  // Serves until the process is killed; only an error ends this function.
  let server = await serve(readPort());
  console.log(`listening on ${server.url}`);
  // Bun's dev server watches inodes, not paths: it misses edits in a folder that a rename or a branch switch has replaced.
  // So the server restarts when a folder is replaced, and when a page is added or removed.
  let served = layout();
  while (true) {
    using watcher = new Watcher(SOURCE_FOLDERS);
    await watcher.settled();
    const current = layout();
    if (Bun.deepEquals(served, current)) continue;
    served = current;
    const { port = 0 } = server;
    await server.stop(true);
    server = await serve(port);
  }
});
process.exit(exitCode);

/** Returns the pages, and the inodes of the folders. */
function layout(): unknown {
  return [findPages(), foldersOf(SOURCE_FOLDERS)];
}

function readPort(): number {
  const text = process.env.PORT || "3000";
  if (/^\d+$/.test(text) && Number(text) < 2 ** 16) return Number(text);
  throw new BuildFailure(
    `PORT is "${text}", which is not a port.`,
    "Set it to a number up to 65535; 0 picks a free port.",
  );
}

/** Serves `site/index.html` at `/`, `site/about.html` at `/about` and `/about.html`, and the files of `site/public/`. */
async function serve(port: number): Promise<Bun.Server<undefined>> {
  const pages = findPages().map(async (path) => {
    const { default: page }: { default: Bun.HTMLBundle } = await import(resolve(path));
    const name = encodeURI(basename(path, ".html"));
    return { [name === "index" ? "/" : `/${name}`]: page, [`/${name}.html`]: page };
  });
  return Bun.serve({
    hostname: "127.0.0.1",
    port,
    development: { hmr: true, console: true },
    routes: Object.assign({}, ...(await Promise.all(pages))),
    fetch({ url }) {
      const { pathname } = new URL(url);
      const file = pathsBelow(PUBLIC).find((file) => urlPath(file, url) === pathname);
      if (file === undefined) return new Response("Not found\n", { status: 404 });
      return new Response(Bun.file(file));
    },
  });
}

/** Returns the path of a public file as in the URL of a request. */
function urlPath(file: string, base: string): string {
  const path = file.slice(PUBLIC.length).replaceAll(/[#%?\\]/g, encodeURIComponent);
  return new URL(path, base).pathname;
}
