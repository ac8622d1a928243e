// The variables that this service reads, with their defaults; .env.example shows them all.
import { z } from "zod";
import { serviceVariables } from "#lib/env";

export const schema = z.object({
  ...serviceVariables,
  /** `bun run start` serves a build, so the default is production; `bun run dev` always sets development. */
  NODE_ENV: z.enum(["development", "test", "production"]).default("production"),
});

export type Env = Readonly<z.output<typeof schema>>;
