// The sqlite-app starter: a point read, an import, and how their times and that of a search grow with the data.
import type { Area } from "../area.ts";
import { importGrowth, pageGrowth, searchGrowth } from "./sqlite-app/growth.ts";
import { importing } from "./sqlite-app/import.ts";
import { read } from "./sqlite-app/read.ts";

export const area: Area = {
  description: "The sqlite-app starter: point read, import, growth from 10⁴ to 10⁶ rows",
  peers: ["hono", "drizzle-orm", "fastify", "better-sqlite3"],
  benches: {
    read,
    import: importing,
    "import-growth": importGrowth,
    "page-growth": pageGrowth,
    "search-growth": searchGrowth,
  },
  figures: [
    { bench: "read", of: "sqlite-app (warn)", over: "bare Bun.serve", atLeast: 0.8 },
    { bench: "import", of: "sqlite-app over HTTP", over: "bare bun:sqlite loop", atLeast: 3 },
  ],
};
