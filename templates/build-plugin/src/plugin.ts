// Both loaders as one plugin, without a schema: for `[serve.static] plugins` in bunfig.toml.
import type { LoaderPlugin } from "./host.ts";
import { markdown } from "./markdown.ts";
import { yaml } from "./yaml.ts";

const plugin: LoaderPlugin = {
  name: "content",
  setup(build) {
    yaml().setup(build);
    markdown().setup(build);
  },
};

export default plugin;
