// The address that identifies a client for rate limits: canonical, without a port, and only the /64 prefix of IPv6.
import { isIPv4, isIPv6 } from "node:net";
import type { Context } from "hono";
import { z } from "zod";

/** The variable of `clientAddress`. Spread it into the schema of the project. */
export const clientVariables = {
  /**
   * Header whose last address is the client's, e.g. `x-real-ip`. Set it only if the nearest proxy sets or appends to it on
   * every request. With two proxies in a row, the last address is the first proxy's.
   */
  CLIENT_IP_HEADER: z
    .string()
    // `Forwarded` (RFC 7239) has parameters: its port would make a client of every connection.
    .regex(/^(?!forwarded$)[\w-]+$/i, "must be a header field with addresses, such as x-real-ip")
    .optional(),
};

/**
 * Returns the client's address for rate limits. With `CLIENT_IP_HEADER` it is the last address in
 * that header, which is the one that the nearest proxy added; otherwise the peer of the connection.
 */
export function clientAddress({
  CLIENT_IP_HEADER,
}: {
  readonly CLIENT_IP_HEADER?: string | undefined;
}) {
  return (c: Context): string => {
    const forwarded = CLIENT_IP_HEADER && c.req.header(CLIENT_IP_HEADER)?.split(",").at(-1);
    return canonicalAddress(forwarded || (c.env.server.requestIP(c.req.raw)?.address ?? ""));
  };
}

/**
 * One spelling per client: quotes, a port, brackets and a zone are dropped, an IPv4-mapped address becomes
 * IPv4, and an IPv6 address its /64, because one client can use any address of its /64 (RFC 6177).
 * Text that is not an address is returned as it is, trimmed.
 */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const [address = ""] = text
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .replace(/^\[([^\]]+)\](:\d+)?$|^([\d.]+):\d+$/, "$1$3")
    .split("%");
  if (!isIPv6(address)) return address;
  const groups = ipv6Groups(address);
  const hex = groups.map((group) => group.toString(16)).join(":");
  if (!hex.startsWith("0:0:0:0:0:ffff:")) return `${/^(\w+:){4}/.exec(hex)?.[0]}:/64`;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

/** The eight 16-bit groups of a valid IPv6 address (RFC 4291, section 2.2). */
function ipv6Groups(address: string): number[] {
  const [head = [], tail] = address
    .replace(/[\d.]+\.[\d.]+$/, dottedToGroups)
    .split("::")
    .map((part) =>
      part
        .split(":")
        .filter(Boolean)
        .map((group) => Number.parseInt(group, 16)),
    );
  if (!tail) return head;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The last 32 bits of an address may be written like an IPv4 address. */
function dottedToGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(":");
}
