// Content imports at run time: bunfig.toml preloads this.
import content from "./collections.ts";

Bun.plugin(content);
