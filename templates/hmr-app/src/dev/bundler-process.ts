// The process of the bundler, which is Bun's development server. `bundler.ts` starts it on a private socket.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import page from "../page/index.html";

const [unix = "", processNumber] = process.argv.slice(2);
// The server may already have exited and removed the folder.
if (!existsSync(dirname(unix))) process.exit();
Bun.serve({ unix, development: { hmr: true, console: true }, routes: { "/*": page } });
// Ctrl-C in a terminal interrupts all of its processes. This one exits together with the server instead.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit());
process.send?.({ type: "listening" });
// Builds the page before a browser requests it. A later bundler waits for a request instead: files may still be changing,
// and the open pages reload and request the page anyway.
if (processNumber === "1") fetch("http://localhost/", { unix }).catch(() => undefined);
