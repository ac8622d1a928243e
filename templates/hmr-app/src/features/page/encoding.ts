// Negotiates the content encoding of a precompressed file (RFC 9110, section 12.5.3).
import type { Context } from "hono";
import { type Accept, parseAccept } from "hono/utils/accept";

/** In order of preference: if the client accepts several equally, the smallest variant is sent. */
export const ENCODINGS = ["br", "gzip", "identity"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Every encoding that the client lists is preferred over identity, unless it lists that as well. */
const IDENTITY_WEIGHT = 0.0001;

/** Returns the encoding among `available` that the client prefers, or identity if it refuses them all. */
export function negotiateEncoding(c: Context, available: readonly Encoding[]): Encoding {
  const accepted = parseAccept(c.req.header("accept-encoding") ?? "");
  const weight = (encoding: Encoding) => weightOf(accepted, encoding);
  const acceptable = available.filter((encoding) => weight(encoding) > 0);
  return acceptable.toSorted((a, b) => weight(b) - weight(a))[0] ?? "identity";
}

function weightOf(accepted: readonly Accept[], encoding: Encoding): number {
  const listed =
    accepted.find(({ type }) => nameOf(type) === encoding) ??
    accepted.find(({ type }) => type === "*");
  return listed?.q ?? (encoding === "identity" ? IDENTITY_WEIGHT : 0);
}

/** Names are case-insensitive, and `x-gzip` is an alias of `gzip` (RFC 9110, section 8.4.1.3). */
function nameOf(type: string): string {
  const name = type.toLowerCase();
  return name === "x-gzip" ? "gzip" : name;
}
