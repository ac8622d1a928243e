// Starts development. `bun --hot` evaluates this file again after each edit of the server's code.
import { startBundler } from "./dev/bundler.ts";

// The bundler's process builds the page while the modules of the server are loaded.
startBundler();
await import("./dev/server.ts");
