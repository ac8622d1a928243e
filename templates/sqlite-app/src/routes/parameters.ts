// Reads what requests carry in their path and query.
import type { BunRequest, Server } from "bun";
import type { z } from "zod";
import { Problem, validate } from "#lib/problem";

/** Ids are 32 bits in PostgreSQL. */
const MAX_ID = 2 ** 31 - 1;

/** The `:id` of the path. @throws {Problem} 404 when it can't be one. */
export function idOf(request: BunRequest): number {
  const text = request.params.id ?? "";
  const id = Number(text);
  if (/^[1-9]\d{0,9}$/.test(text) && id <= MAX_ID) return id;
  throw new Problem(404, `There is nothing with the id "${text}".`);
}

/** The query, validated. An empty parameter counts as left out. @throws {Problem} 422 */
export function queryOf<S extends z.ZodType>(request: BunRequest, schema: S): z.output<S> {
  const start = request.url.indexOf("?");
  const query = new URLSearchParams(start === -1 ? "" : request.url.slice(start));
  return validate(schema, Object.fromEntries([...query].filter(([, value]) => value !== "")));
}

/**
 * The client's address. The header counts only if the service is told that a proxy sets it; of several addresses in
 * it, the last is the proxy's own word.
 */
export function clientOf(
  request: BunRequest,
  server: Server<undefined>,
  header: string | undefined,
): string {
  const told = header && request.headers.get(header);
  return told?.split(",").at(-1)?.trim() || (server.requestIP(request)?.address ?? "");
}
