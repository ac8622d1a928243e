#!/usr/bin/env bun
// Entry of the published package: creates projects from the flattened templates beside it.
import { dirname, join } from "node:path";
import { start } from "./command/start.ts";
import { openPublished } from "./sources/published.ts";

// The bundler would replace `import.meta.dir` by the folder of this file.
void start(openPublished(join(dirname(Bun.main), "templates")));
