// The command as a separate process, with the package of a test instead of the published one.

import { start } from "../src/command/start.ts";
import { openPublished } from "../src/sources/published.ts";

void start(openPublished(process.env.TEST_PACKAGE ?? ""));
