// The address that identifies a client for rate limits: canonical, without a port, and only the /64 prefix of IPv6.
import { isIPv4, isIPv6 } from "node:net";
import type { Context } from "hono";
import { z } from "zod";

/** The variable of `clientAddress`. Spread it into the schema of the project. */
export const clientVariables = {
  /**
   * Header whose last address is the client's, e.g. `x-real-ip`. Set it only if the nearest proxy sets or appends to it on
   * every request. Behind two proxies, the last address is that of the first proxy.
   */
  CLIENT_IP_HEADER: z
    .string()
    // `Forwarded` (RFC 7239) may contain the client's port, so that each connection would count as another client.
    .regex(/^(?!forwarded$)[\w-]+$/i, "must be a header field with addresses, such as x-real-ip")
    .optional(),
};

type ClientEnv = Readonly<z.output<z.ZodObject<typeof clientVariables>>>;

/**
 * Returns the client's address for rate limits. With `CLIENT_IP_HEADER` it is the last address in
 * that header, which is the one that the nearest proxy added; otherwise the peer of the connection.
 */
export function clientAddress({ CLIENT_IP_HEADER }: ClientEnv) {
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
  if (groups.slice(0, 6).join(":") !== "0:0:0:0:0:ffff")
    return `${groups.slice(0, 4).join(":")}::/64`;
  const words = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join(".");
}

/** The eight groups of a valid IPv6 address, in hexadecimal without leading zeros. */
function ipv6Groups(address: string): string[] {
  // A URL has the canonical form (RFC 5952), also of an address that ends like an IPv4 address.
  const canonical = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? "";
  const [head = [], tail = []] = canonical
    .split("::")
    .map((part) => part.split(":").filter(Boolean));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
}
