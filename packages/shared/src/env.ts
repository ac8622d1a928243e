// Reads the environment once, validates it against a schema and reports every problem together.
import "./bun-version.ts";
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
    .transform(Number);
}

/** A comma-separated list; blanks around the items and empty items are dropped. Empty by default. */
export function list() {
  return z
    .string()
    .default("")
    .transform((text) => text.split(",").map((item) => item.trim()))
    .transform((items) => items.filter((item) => item !== ""));
}

/** A list of host names and addresses, in lower case; IPv6 addresses are in brackets, as in a URL. */
function hostNames() {
  return list()
    .transform((items) => items.map((item) => item.toLowerCase()))
    .refine((items) => items.every((item) => /^(\w[\w.-]*|\[[\da-f:.]+\])$/.test(item)), {
      error: "must be host names without a port, such as my-laptop.local, separated by commas",
    });
}

/** For `CORS_ORIGINS`: a list of origins as browsers and apps send them in `Origin`: scheme, host and port, no path and no wildcard. */
export function origins() {
  return list().refine((items) => items.every(isOrigin), {
    error: "must be origins such as https://app.example.com, separated by commas",
  });
}

/** `URL.origin` is "null" for the schemes of apps, such as `tauri://localhost`. */
function isOrigin(text: string): boolean {
  const { protocol, host = "" } = URL.parse(text) ?? {};
  return host !== "" && !host.includes("*") && text === `${protocol}//${host}`;
}

/** Longest delay of a timer, about 25 days; with a longer one it would fire immediately. */
export const MAX_DELAY_MS = 2_147_483_647;

/** Variables that every service understands. Spread them into the schema of the project. */
export const serviceVariables = {
  /** Address to listen on. */
  HOST: z.string().default("127.0.0.1"),
  /** TCP port to listen on; 0 picks a free one. */
  PORT: integer({ max: 65_535 }).default(3000),
  NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warning", "warn", "error", "fatal"])
    .default("info"),
  /** Seconds after which an idle connection is closed. Must exceed the idle timeout of a proxy in front. */
  KEEP_ALIVE_TIMEOUT_S: integer({ min: 1, max: 255 }).default(75),
  /** Milliseconds to keep serving after the first signal, so that load balancers notice `/readyz`. */
  SHUTDOWN_DELAY_MS: integer({ max: MAX_DELAY_MS }).default(0),
  /** Milliseconds that requests in flight have to finish before their connections are closed. */
  SHUTDOWN_TIMEOUT_MS: integer({ max: MAX_DELAY_MS }).default(10_000),
  /** Port on which `GET /metrics` is served; unset means no metrics, 0 picks a free one. */
  METRICS_PORT: integer({ max: 65_535 }).optional(),
  /** Request header with the client's address, e.g. `x-real-ip`. Set it only behind a proxy that overwrites it. */
  CLIENT_IP_HEADER: z
    .string()
    .regex(/^[\w-]+$/, "must be the name of a header field")
    .optional(),
  /** Development only: accepted Host names besides the loopback names. */
  DEV_HOSTS: hostNames(),
} satisfies z.ZodRawShape;

/** The variables of `serviceVariables`, parsed. */
export type ServiceEnv = Readonly<z.output<z.ZodObject<typeof serviceVariables>>> & {
  /** Origins whose pages may send requests that change something. For that, add one of them to the schema, as `origins()`. */
  readonly CORS_ORIGINS?: readonly string[];
  readonly ALLOWED_ORIGINS?: readonly string[];
};

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
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((key) => [key, source[key]] as const)
      .filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data);
  // A problem inside a list has an index in its path, after the variable's name.
  const lines = result.error.issues.map(({ path: [name], message }) => {
    if (name === undefined) return `  ${message}`;
    return `  ${String(name)}: ${name in given ? message : "required, but not set"}`;
  });
  throw new EnvError(`The environment is not valid:\n${lines.join("\n")}`);
}
