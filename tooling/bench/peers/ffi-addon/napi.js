// Program: calls the same C through the Node-API module at argv[2], on Node.js.
import { createRequire } from "node:module";
import { serveCalls } from "./sampling.js";

serveCalls(createRequire(import.meta.url)(process.argv[2]).add);
