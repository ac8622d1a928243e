// The variables that this service reads, with their defaults; .env.example shows them all.
import { z } from "zod";
import { serviceVariables } from "#lib/env";

export const schema = z.object({
  ...serviceVariables,
  /** What is built runs in production unless told otherwise; `bun run dev` never does. */
  NODE_ENV: z.enum(["development", "test", "production"]).default("production"),
  /** Development: host names, besides those of this machine, under which the page is opened. */
  DEV_HOSTS: z
    .string()
    .default("")
    .transform((list) => list.split(",").map((name) => name.trim().toLowerCase()))
    .transform((names) => names.filter((name) => name !== "")),
});

export type Env = Readonly<ReturnType<typeof schema.parse>>;
