// Reads the environment once, validates it against a schema and reports every problem together.
import "./bun-version.ts";
import { isIPv6 } from "node:net";
import { z } from "zod";

/**
 * A whole number in decimal digits. Unlike `z.coerce.number()` it refuses `0x10`, `1e3` and blanks.
 * For booleans use `z.stringbool()`: `z.coerce.boolean()` would read "false" as true.
 */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  const isInteger = (text: string) =>
    /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
  return z
    .string()
    .refine(isInteger, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .meta({ type: "integer", minimum: min, maximum: max });
}

/** A comma-separated list; blanks around the items and empty items are dropped. Empty by default. */
export function list() {
  return z
    .string()
    .trim()
    .default("")
    .transform((text) => text.split(/\s*,\s*/).filter(Boolean));
}

/** Whether `text` is a host name or an address without a port; IPv6 addresses are in brackets, as in a URL. */
const isHost = (text: string) => /^(\w[\w.-]*|\[[\da-f:.]+\])$/i.test(text);

/** Longest delay of a timer, about 25 days; with a longer one it would fire immediately. */
export const MAX_DELAY_MS = 2_147_483_647;

/** Variables that every service understands. Spread them into the schema of the project. */
export const serviceVariables = {
  /** Address to listen on. */
  HOST: z
    .string()
    .refine(
      (host) => isHost(host) || isIPv6(host),
      "must be a host name or an address without a port",
    )
    .default("127.0.0.1"),
  /** TCP port to listen on; 0 picks a free one. */
  PORT: integer({ max: 65_535 }).default(3000),
  NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  /**
   * Seconds without traffic until a connection is closed, even while a handler runs. Must exceed that of a proxy in front.
   * A handler that takes longer calls `c.env.server.timeout(c.req.raw, 0)`.
   */
  KEEP_ALIVE_TIMEOUT_S: integer({ min: 1, max: 255 }).default(75),
  /** Milliseconds to keep serving after the first signal, so that load balancers notice `/readyz`. */
  SHUTDOWN_DELAY_MS: integer({ max: MAX_DELAY_MS }).default(0),
  /** Milliseconds after which the connections of requests in flight are closed. */
  SHUTDOWN_TIMEOUT_MS: integer({ max: MAX_DELAY_MS }).default(10_000),
  /** Port on which `GET /metrics` is served; unset means no metrics, 0 picks a free one. */
  METRICS_PORT: integer({ max: 65_535 }).optional(),
  /** Development only: accepted Host names besides the loopback names. */
  DEV_HOSTS: list().refine((items) => items.every(isHost), {
    error: "must be host names without a port, such as my-laptop.local, separated by commas",
  }),
} satisfies z.ZodRawShape;

/** The variables of `serviceVariables`, parsed. */
export type ServiceEnv = Readonly<z.output<z.ZodObject<typeof serviceVariables>>>;

/** The environment does not fit the schema. `message` names every variable, never a value. */
export class EnvError extends Error {
  override readonly name = "EnvError";
}

/**
 * Validates `source` against `schema` and returns the values, frozen.
 * A blank value counts as unset, like `KEY=` in a `.env` file; unknown variables are ignored.
 * @throws {EnvError} with all problems, one per line, without any value.
 */
export function parseEnv<S extends z.ZodObject>(
  schema: S,
  source: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<S>> {
  const entries = Object.keys(schema.shape).map((key) => [key, source[key]] as const);
  const given = Object.fromEntries(entries.filter(([, value]) => value?.trim()));
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data);
  // A problem inside a list has an index in its path, after the variable's name.
  const lines = result.error.issues.map(({ path: [name], message }) => {
    if (name === undefined) return `  ${message}`;
    return `  ${String(name)}: ${name in given ? message : "required, but not set"}`;
  });
  throw new EnvError(`The environment is not valid:\n${lines.join("\n")}`);
}
