// The build-plugin starter: its build of a generated site, against the bundlers alone.
import type { Area } from "../area.ts";
import { siteOf } from "./build-plugin/bench.ts";

const sizes = [200, 2000];

export const area: Area = {
  description: "The build-plugin starter: a site of 200 and of 2000 modules, cold and unchanged",
  peers: ["esbuild", "vite"],
  benches: Object.fromEntries(sizes.map((size) => [`site-${size}`, siteOf(size)])),
  figures: sizes.flatMap((size) => {
    const bench = `site-${size}`;
    return [
      { bench, of: "build-plugin", over: "bare Bun.build", atMost: 1.2 },
      { bench, of: "build-plugin", over: "Vite on Node.js", atMost: 0.3 },
      { bench, of: "build-plugin, unchanged", over: "build-plugin", atMost: 0.15 },
    ];
  }),
};
