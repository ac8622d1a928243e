// `bun run dev`: the site with hot reload. The plugins come from [serve.static] in bunfig.toml.
import { basename, resolve } from "node:path";
import { BuildFailure, explain, runAndReport } from "./build/failure.ts";
import { PUBLIC, pathsBelow } from "./build/files.ts";
import { SOURCE_FOLDERS } from "./build/pipeline.ts";
import { findPages, isAllowedPage, refusePages } from "./build/site.ts";
import { foldersOf, Watcher } from "./build/watcher.ts";
// Imported so that `bun --watch` starts this program again when a schema or a plugin has changed.
import "./site/collections.ts";

process.chdir(import.meta.dir);
const exitCode = await runAndReport(async () => {
  if (process.argv.length > 2) {
    throw new BuildFailure("`bun run dev` has no options.", "Set the port like PORT=4000.");
  }
  // Serves until the process is killed; only an error ends this function.
  let served: unknown;
  let server: Bun.Server<undefined> | undefined;
  while (true) {
    using watcher = new Watcher(SOURCE_FOLDERS);
    const pages = findPages();
    // Bun's dev server watches inodes, not paths: it misses edits in a folder that a rename or a branch switch has replaced.
    // So the server restarts when a folder is replaced, and when a page is added or removed.
    const current = [pages, foldersOf(SOURCE_FOLDERS)];
    if (!Bun.deepEquals(served, current)) {
      served = current;
      const port = server?.port ?? readPort(); // read before `stop`, because a stopped server has no port
      await server?.stop(true);
      server = await serve(pages, port);
      console.log(`listening on ${server.url}`);
    }
    await watcher.settled();
  }
});
process.exit(exitCode);

function readPort(): number {
  const text = process.env.PORT || "3000";
  if (/^\d+$/.test(text) && Number(text) < 2 ** 16) return Number(text);
  throw new BuildFailure(
    `PORT is "${text}", which is not a port.`,
    "Set it to a number up to 65535; 0 picks a free port.",
  );
}

/**
 * Serves `site/index.html` at `/`, `site/about.html` at `/about` and `/about.html`, and the files of `site/public/`.
 * Prints a message about pages that the build would refuse, and does not serve them.
 */
async function serve(pages: readonly string[], port: number): Promise<Bun.Server<undefined>> {
  try {
    refusePages(pages);
  } catch (error) {
    console.error(explain(error));
  }
  const routes = pages.filter(isAllowedPage).map(async (path) => {
    const { default: page }: { default: Bun.HTMLBundle } = await import(resolve(path));
    const name = encodeURI(basename(path, ".html"));
    return { [name === "index" ? "/" : `/${name}`]: page, [`/${name}.html`]: page };
  });
  return Bun.serve({
    hostname: "127.0.0.1",
    port,
    development: { hmr: true, console: true },
    routes: Object.assign({}, ...(await Promise.all(routes))),
    fetch({ url }) {
      const path = PUBLIC + decode(new URL(url).pathname);
      if (pathsBelow(PUBLIC).includes(path)) return new Response(Bun.file(path));
      return new Response("Not found\n", { status: 404 });
    },
  });
}

/** Decodes the path of a URL. Returns it as it is if an escape sequence is not valid. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
