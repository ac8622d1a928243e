// The address that a client is counted under: canonical, without a port, and a whole /64 for IPv6.
import { isIPv4, isIPv6 } from "node:net";
import type { Context } from "hono";
import type { ServiceEnv } from "./env.ts";

/**
 * Returns the client's address for rate limits. With `CLIENT_IP_HEADER` it is the last address in
 * that header, which is the one that the nearest proxy added; otherwise the peer of the connection.
 */
export function clientAddress({ CLIENT_IP_HEADER }: Pick<ServiceEnv, "CLIENT_IP_HEADER">) {
  return (c: Context): string => {
    const forwarded = CLIENT_IP_HEADER && c.req.header(CLIENT_IP_HEADER)?.split(",").at(-1);
    if (forwarded) return canonicalAddress(forwarded);
    return canonicalAddress(c.env.server.requestIP(c.req.raw)?.address ?? "");
  };
}

/**
 * One spelling per client: a port, brackets and a zone are dropped, an IPv4-mapped address becomes
 * IPv4, and an IPv6 address its /64, because one client can use any address of its /64 (RFC 6177).
 * Text that is not an address is returned as it is, trimmed.
 */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1];
  const address = bracketed ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  const [withoutZone = ""] = address.split("%");
  if (isIPv4(withoutZone) || !isIPv6(withoutZone)) return withoutZone;
  const groups = ipv6Groups(withoutZone);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) {
    const network = groups.slice(0, 4).map((group) => group.toString(16));
    return `${network.join(":")}::/64`;
  }
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight 16-bit groups of a valid IPv6 address (RFC 4291, section 2.2). */
function ipv6Groups(address: string): number[] {
  const [head = "", tail] = address.replace(/[\d.]+\.[\d.]+$/, dottedToGroups).split("::");
  const parse = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** The last 32 bits of an address may be written like an IPv4 address. */
function dottedToGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(":");
}
