// The entry point of the published package: creates projects from the templates beside it.
import { dirname } from "node:path";
import { start } from "./command/start.ts";
import { openPublished } from "./sources/published.ts";

// The bundler would replace `import.meta.dir` with the folder of this file.
void start(openPublished(dirname(Bun.main)));
