// The command as a process of its own, with the templates of a test in place of the published ones.

import { start } from "../src/command/start.ts";
import { openPublished } from "../src/sources/published.ts";

void start(openPublished(process.env.TEST_TEMPLATES ?? ""));
