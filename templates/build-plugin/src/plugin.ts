// One plugin for all formats, without schemas, for `[serve.static] plugins` in bunfig.toml.
import { allFormats } from "./formats.ts";
import { type BunHost, type BunPlugin, toBunPlugin } from "./hosts/bun.ts";
import { restrictToHostsOfEntry } from "./hosts/wrong-host.ts";

const plugin: BunPlugin = restrictToHostsOfEntry("index", {
  name: allFormats.map(({ name }) => name).join(", "),
  setup(build: BunHost) {
    for (const format of allFormats) toBunPlugin(format).setup(build);
  },
});

export default plugin;
