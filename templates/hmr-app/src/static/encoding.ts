// Picks a content coding by Accept-Encoding (RFC 9110, section 12.5.3).

/** Codings by preference: the smaller comes first when the client likes both the same. */
export const codings = ["br", "gzip", "identity"] as const;
export type Coding = (typeof codings)[number];

/**
 * The coding that the client likes best of those that there are.
 * `undefined` if it wants none of them, not even the plain one.
 */
export function negotiate(
  accepted: string | null,
  available: (coding: Coding) => boolean,
): Coding | undefined {
  const weights = parse(accepted ?? "");
  const weightOf = (coding: Coding) =>
    weights.get(coding) ?? weights.get("*") ?? (coding === "identity" ? PLAIN : 0);
  const candidates = codings
    .map((coding) => ({ coding, weight: weightOf(coding) }))
    .filter(({ coding, weight }) => weight > 0 && available(coding));
  return candidates.toSorted((a, b) => b.weight - a.weight)[0]?.coding;
}

/** The plain one is always welcome unless it is refused, but less so than what is asked for. */
const PLAIN = 0.0001;

/** Weights from 0 to 1 by coding; one that is no number counts as 0. */
function parse(header: string): ReadonlyMap<string, number> {
  const items = header.toLowerCase().split(",");
  return new Map(
    items.map((item) => {
      const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
      const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
      const weight = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 0;
      return [name === "x-gzip" ? "gzip" : name, weight] as const;
    }),
  );
}
