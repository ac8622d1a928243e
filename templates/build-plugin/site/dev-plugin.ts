// A plugin for the dev server, listed in bunfig.toml. It resolves site:settings; in the build, the import map does.
import { join } from "node:path";

const development: Bun.BunPlugin = {
  name: "site-development",
  setup(build) {
    const settings = join(import.meta.dir, "public/settings.js");
    build.onResolve({ filter: /^site:settings$/ }, () => ({ path: settings }));
  },
};

export default development;
