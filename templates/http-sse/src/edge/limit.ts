// So many requests a minute for each client; the headers of each response say how many are left.
import type { BunRequest, Server } from "bun";
import { Problem } from "#lib/problem";
import { RateLimiter, rateLimitHeaders } from "#lib/rate-limit";
import type { Env } from "../env.ts";
import type { Handler } from "../group.ts";

const MINUTE_MS = 60_000;

export function limit(env: Env): (next: Handler) => Handler {
  const limiter = new RateLimiter({ limit: env.RATE_LIMIT, windowMs: MINUTE_MS });
  return (next) => (request, server) => {
    const result = limiter.take(clientOf(request, server, env.CLIENT_IP_HEADER));
    const headers = rateLimitHeaders(limiter.options, result);
    if (!result.allowed) {
      const detail = `There may be ${env.RATE_LIMIT} requests a minute. Try again later.`;
      return new Problem(429, detail, { headers }).toResponse();
    }
    const tell = (response: Response | undefined) => {
      for (const name in headers) response?.headers.set(name, headers[name] ?? "");
      return response;
    };
    const response = next(request, server);
    return response instanceof Promise ? response.then(tell) : tell(response);
  };
}

/**
 * The client's address. The header counts only if the service is told that a proxy sets it; of
 * several addresses in it, the last is the proxy's own word.
 */
function clientOf(
  request: BunRequest,
  server: Server<undefined>,
  header: string | undefined,
): string {
  const told = header && request.headers.get(header)?.split(",").at(-1)?.trim();
  return told || (server.requestIP(request)?.address ?? "");
}
