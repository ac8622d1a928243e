// The process of Bun's bundler with hot reload. `bundler.ts` starts it, and can start it anew without the server.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import page from "../page/index.html";

const [unix = ""] = process.argv.slice(2);
// The server may have ended meanwhile: it takes the folder along.
if (!existsSync(dirname(unix))) process.exit();
Bun.serve({ unix, development: { hmr: true, console: true }, routes: { "/*": page } });
// A terminal interrupts all of its processes: this one ends with the server, however that ends.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit());
process.send?.("listening");
