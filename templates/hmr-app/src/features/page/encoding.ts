// Negotiates the content encoding of a precompressed file (RFC 9110, section 12.5.3).
import type { Context } from "hono";
import { accepts } from "hono/accepts";

/** In order of preference: if the client accepts several equally, the smallest variant is sent. */
export const ENCODINGS = ["br", "gzip", "identity"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Identity is acceptable unless it is refused, but every encoding that the client lists is preferred. */
const IDENTITY_WEIGHT = 0.0001;

/** One item of the header: an encoding or `*`, and its weight from 0 to 1. */
interface Accept {
  readonly type: string;
  readonly q: number;
}

/** Returns the encoding among `available` that the client prefers, or undefined if it refuses them all. */
export function negotiateEncoding(c: Context, available: Encoding[]): Encoding | undefined {
  const chosen = accepts(c, {
    header: "Accept-Encoding",
    supports: available,
    default: "identity",
    match: (accepted) => preferred(accepted, available) ?? "",
  });
  return available.find((encoding) => encoding === chosen);
}

function preferred(accepted: readonly Accept[], available: readonly Encoding[]) {
  let best: Encoding | undefined;
  let bestWeight = 0;
  for (const encoding of available) {
    const weight = weightOf(accepted, encoding);
    if (weight > bestWeight) [best, bestWeight] = [encoding, weight];
  }
  return best;
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
