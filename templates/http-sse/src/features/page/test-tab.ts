// Opens a tab of Chromium for the tests, waits for conditions in it, and makes requests of it fail.
import type { TestServer } from "../../../test/server.ts";

const chromium = Bun.which("chromium") ?? Bun.which("google-chrome") ?? Bun.which("chrome");
if (!chromium) console.warn("There is no Chromium: the page is not tested.");

export const canOpenTabs = chromium !== null;

export async function openTab(
  url: string,
  size = { width: 1100, height: 760 },
): Promise<Bun.WebView> {
  const argv = ["--no-sandbox"];
  const path = chromium ?? "chromium";
  const tab = new Bun.WebView({ backend: { type: "chrome", url: false, argv, path }, ...size });
  await tab.navigate(url);
  return tab;
}

/** Waits until the expression is true in the page. */
export async function until(tab: Bun.WebView, expression: string): Promise<void> {
  while (!(await tab.evaluate(expression))) await Bun.sleep(30);
}

/** A proxy in front of the server. It forwards the requests for which `fail` returns no response. Without a server, it responds 502. */
export function openProxy(
  server: TestServer,
  fail: (path: string) => Response | Promise<Response> | undefined,
) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch({ url, headers, signal }) {
      const { pathname, search } = new URL(url);
      const failed = await fail(pathname);
      if (failed) return failed;
      const response = fetch(server.url + pathname + search, {
        headers,
        signal,
        decompress: false,
      });
      return response.catch(() => new Response("The server does not respond.", { status: 502 }));
    },
  });
}
