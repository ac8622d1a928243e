// Starts the service in production. `src/dev.ts` is the development server.
import { runService } from "#lib/service";
import { createApp } from "./app.ts";
import { schema } from "./env.ts";

await runService({ schema, createApp });
