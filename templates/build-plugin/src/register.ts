// Registers all formats with the runtime and the tests, for `preload` in bunfig.toml.
import plugin from "./plugin.ts";

Bun.plugin(plugin);
