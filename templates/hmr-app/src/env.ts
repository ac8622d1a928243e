// The variables of this service. Those of every service, such as HOST, are in #lib/env.
import { isIP } from "node:net";
import { z } from "zod";
import { list, serviceVariables } from "#lib/env";

export const schema = z.object({
  ...serviceVariables,
  /** Set by the scripts in package.json, but not by `bun dist/main.js`. */
  NODE_ENV: z.enum(["development", "test", "production"]).default("production"),
  /** Addresses or networks of proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` are used. */
  TRUSTED_PROXIES: list().refine((items) => items.every(isNetwork), {
    error: "must be addresses or networks such as 10.0.0.0/8, separated by commas",
  }),
  /** Development only: poll the server's code; for file systems that send no change events. */
  DEV_POLL: z.stringbool().default(false),
});

export type Env = Readonly<z.output<typeof schema>>;

function isNetwork(text: string): boolean {
  const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return Number(prefix ?? 0) <= (isIP(address) === 4 ? 32 : 128) && isIP(address) !== 0;
}
