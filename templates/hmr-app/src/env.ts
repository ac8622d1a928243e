// The variables of this service. Those of every service, such as HOST, are in #lib/env.
import { z } from "zod";
import { serviceVariables } from "#lib/env";

export const schema = z.object({
  ...serviceVariables,
  /** Set by the scripts in package.json, but not by `bun dist/main.js`. */
  NODE_ENV: z.enum(["development", "test", "production"]).default("production"),
  /** Development only: poll the server's code; for file systems that send no change events. */
  DEV_POLL: z.stringbool().default(false),
});

export type Env = Readonly<z.output<typeof schema>>;
