// Which Host names a service accepts in development.
import type { ServiceEnv } from "./env.ts";
import { Problem } from "./problem.ts";

/** Names that always resolve to this machine, so that no foreign page can be behind them. */
const LOOPBACK = /^(localhost|[\w.-]+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Returns a check for requests: the result is a 403 if the `Host` is neither a loopback name nor in
 * `DEV_HOSTS`. Otherwise a web page that rebinds its own name to 127.0.0.1 could read everything that
 * a service in development serves (DNS rebinding).
 */
export function devHostCheck({ DEV_HOSTS }: Pick<ServiceEnv, "DEV_HOSTS">) {
  const allowed = new Set(DEV_HOSTS.map((host) => host.toLowerCase()));
  return (request: Request): Problem | undefined => {
    const host = request.headers.get("host")?.toLowerCase() ?? "";
    const name = /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/.exec(host)?.[1] ?? "";
    if (LOOPBACK.test(name) || allowed.has(name)) return undefined;
    return new Problem(403, "This Host is not allowed in development: add it to DEV_HOSTS.");
  };
}
