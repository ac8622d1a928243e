// Starts the service.
import { runService } from "#lib/service";
import { createApp } from "./app.ts";
import { schema } from "./env.ts";

await runService({ schema, createApp });
