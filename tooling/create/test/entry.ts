// The command as a process of its own, with the templates of a test in place of the published ones.
import { openPublished } from "../src/published.ts";
import { start } from "../src/start.ts";

void start(openPublished(process.env.TEST_TEMPLATES ?? ""));
