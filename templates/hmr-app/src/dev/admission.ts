// Which requests the development server answers: those of this machine's user, on its own page. No other site's.
import { Problem } from "#lib/problem";
import { isSameOrigin } from "../server/origin.ts";

/** Names that always lead to this machine, so that no foreign page can be behind them. */
const LOOPBACK = /^(localhost|[\w.-]+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Refuses what a foreign page could have sent. It holds for every path, WebSockets included:
 * - Host must be a name of this machine, or a page that rebinds its own name to 127.0.0.1 reads all.
 * - Origin and Sec-Fetch-Site must be the page's own. Another port of localhost is the same *site*,
 *   so that is foreign, too. Going to an address is fine: the page that sent you reads nothing.
 * @param hosts further names that are home, in lower case.
 * @throws {Problem} 403
 */
export function admission(hosts: readonly string[]): (request: Request) => void {
  return (request) => {
    const { headers } = request;
    const name = /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/.exec(
      headers.get("host")?.toLowerCase() ?? "",
    )?.[1];
    if (name === undefined || !(LOOPBACK.test(name) || hosts.includes(name))) {
      throw new Problem(403, "This host is not known here: name it in DEV_HOSTS.");
    }
    if (!isSameOrigin(request)) throw new Problem(403, "Requests of other origins are refused.");
    const site = headers.get("sec-fetch-site") ?? "none";
    if (site !== "same-origin" && site !== "none" && !isNavigation(request)) {
      throw new Problem(403, "Requests of other sites are refused.");
    }
  };
}

/** A person follows a link; frames and scripts don't count. */
function isNavigation({ method, headers }: Request): boolean {
  const [mode, destination] = [headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")];
  return method === "GET" && mode === "navigate" && destination === "document";
}
