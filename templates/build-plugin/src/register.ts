// Both loaders at run time and in tests: for `preload` in bunfig.toml.
import plugin from "./plugin.ts";

Bun.plugin(plugin);
