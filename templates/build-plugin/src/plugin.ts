// One plugin for all formats, without schemas, for `[serve.static] plugins` in bunfig.toml.
import { allFormats } from "./formats.ts";
import { type BunPlugin, toBunPlugin } from "./hosts/bun.ts";
import { createLoader } from "./load.ts";

const plugin: BunPlugin = {
  name: "content",
  setup(build) {
    for (const format of allFormats) toBunPlugin(createLoader(format)).setup(build);
  },
};

export default plugin;
