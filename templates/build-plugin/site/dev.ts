// What the build does by options, for the dev server: a plugin that bunfig.toml lists below [serve.static].
import { join } from "node:path";

const development: Bun.BunPlugin = {
  name: "site-development",
  setup(build) {
    const settings = join(import.meta.dir, "public/settings.js");
    build.onResolve({ filter: /^site:settings$/ }, () => ({ path: settings }));
  },
};

export default development;
