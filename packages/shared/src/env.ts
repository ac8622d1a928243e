// Reads the environment once, checks it against a schema and reports every problem together.
import "./bun-version.ts";
import { z } from "zod";

/**
 * A whole number in decimal digits. `z.coerce.number()` would take `0x10`, `1e3` and a blank, too,
 * just as `z.coerce.boolean()` takes "false" for true: use `z.stringbool()`.
 */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^-?\d+$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
}

/** Longest delay of a timer: a longer one would end at once. */
const MAX_DELAY_MS = 2_147_483_647;

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
  /** Milliseconds in which everything is still served after the first signal. */
  SHUTDOWN_DELAY_MS: integer({ max: MAX_DELAY_MS }).default(0),
  /** Milliseconds that requests in flight have to finish before they are cut. */
  SHUTDOWN_TIMEOUT_MS: integer({ max: MAX_DELAY_MS }).default(10_000),
} satisfies z.ZodRawShape;

/** The environment does not fit the schema. `message` names every variable, never a value. */
export class EnvError extends Error {
  override readonly name = "EnvError";
}

/**
 * Validates `source` against `schema` and returns the values, frozen.
 * A blank value counts as unset, as in a `.env` file with `KEY=`; unknown variables are ignored.
 * @throws {EnvError} with all problems, one a line, without any value.
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
  const lines = result.error.issues.map(({ path, message }) => {
    // A list in a variable has faults with an index: the variable is what the reader knows.
    const [name] = path;
    if (name === undefined) return `  ${message}`;
    return `  ${String(name)}: ${name in given ? message : "required, but not set"}`;
  });
  throw new EnvError(`The environment is not valid:\n${lines.join("\n")}`);
}

/** `parseEnv` of the process's own environment; on a problem prints it to stderr and exits with code 1. */
export function readEnv<S extends z.ZodObject>(schema: S): Readonly<z.output<S>> {
  try {
    return parseEnv(schema, process.env);
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
