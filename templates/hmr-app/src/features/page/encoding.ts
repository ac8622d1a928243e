// Negotiates the content encoding of a precompressed file (RFC 9110, section 12.5.3).
import type { Context } from "hono";
import { type Accept, parseAccept } from "hono/utils/accept";

/** In order of preference: if the client accepts several equally, the smallest variant is sent. */
export const ENCODINGS = ["br", "gzip", "identity"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Returns the encoding among `available` that the client prefers, or identity if it accepts none of them. */
export function negotiateEncoding(c: Context, available: readonly Encoding[]): Encoding {
  const accepted = parseAccept(c.req.header("accept-encoding") ?? "");
  const weight = (encoding: Encoding) => weightOf(accepted, encoding);
  const acceptable = available.filter((encoding) => weight(encoding) > 0);
  return acceptable.toSorted((a, b) => weight(b) - weight(a))[0] ?? "identity";
}

/** Names are case-insensitive (RFC 9110, section 8.4.1). */
function weightOf(accepted: readonly Accept[], encoding: Encoding): number {
  const find = (name: string) => accepted.find(({ type }) => type.toLowerCase() === name);
  return (find(encoding) ?? find("*"))?.q ?? 0;
}
