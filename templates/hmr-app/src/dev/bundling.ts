// The process of Bun's bundler with hot reload. `bundler.ts` starts it, and can start it anew without the server.
import page from "../page/index.html";

const [unix = ""] = process.argv.slice(2);
Bun.serve({ unix, development: { hmr: true, console: true }, routes: { "/*": page } });
// A terminal interrupts all of its processes: this one ends with the server, however that ends.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit());
process.send?.("listening");
