// Defect: in an import cycle, a function of a module that is not evaluated yet is null instead of hoisted. TanStack
// Router therefore throws "Cannot read properties of null (reading 'replaceRouteChunk')".
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/40378
// Workaround: the router reads the function when it is used, and not while it loads.
import type { BunPlugin } from "bun";

const ROUTER = /[\\/]@tanstack[\\/]router-core[\\/].*[\\/]router\.js$/;
const ASSIGNMENT = /^\s*RouterCore\.prototype\.(\w+) = (\w+);/gm;

export default {
  name: "import-cycles",
  setup(build) {
    build.onLoad({ filter: ROUTER }, async ({ path }) => {
      const code = await Bun.file(path).text();
      const define = 'Object.defineProperty(RouterCore.prototype, "$1", { get: () => $2 });';
      return { contents: code.replace(ASSIGNMENT, define), loader: "js" };
    });
  },
} satisfies BunPlugin;
