// Holds connections open while a service shuts down: event streams, WebSockets and half a request.
import { halfRequest } from "@bunyard/test/half-request";
import { jsonRoutes, openRoutes } from "@bunyard/test/routes";

/** An open connection. */
export interface Held {
  readonly what: string;
  /** Resolves once the server has ended it correctly. @throws if it was disconnected. */
  readonly finish: () => Promise<void>;
}

/** Connections that the starters offer and that are not in an /openapi.json. */
const OWN: Readonly<Record<string, readonly ((url: URL) => Promise<Held>)[]>> = {
  "hmr-app": [(url) => half(url, "POST", "/api/notes")],
  "sqlite-app": [(url) => half(url, "POST", "/api/users")],
  "websocket-chat": [
    (url) => half(url, "POST", "/api/session"),
    async (url) => socket(url, "/ws", { cookie: await signIn(url) }),
  ],
};

/** Opens every kind of connection that a service offers. @throws if it offers none. */
export async function hold(starter: string, url: URL): Promise<readonly Held[]> {
  const streams = (await openRoutes(url)).filter(({ returns }) =>
    returns.includes("text/event-stream"),
  );
  const [posted] = await jsonRoutes(url);
  const held = await Promise.all([
    ...streams.map(({ path }) => stream(url, path)),
    ...(posted ? [half(url, posted.method, posted.path)] : []),
    ...(OWN[starter] ?? []).map((open) => open(url)),
  ]);
  if (held.length === 0) throw new Error("nothing to hold open: add it to hold.ts");
  return held;
}

async function stream(url: URL, path: string): Promise<Held> {
  const response = await fetch(new URL(path, url));
  return {
    what: `event stream ${path}`,
    finish: async () => {
      await response.text();
    },
  };
}

async function half(url: URL, method: string, path: string): Promise<Held> {
  const request = await halfRequest(url, { method, path });
  return {
    what: `half of ${method} ${path}`,
    finish: async () => {
      const [status = ""] = (await request.finish()).split("\r\n");
      if (!/^HTTP\/1\.1 [24]/.test(status))
        throw new Error(`${method} ${path} in flight: ${status || "no answer"}`);
    },
  };
}

async function socket(url: URL, path: string, headers: Record<string, string> = {}): Promise<Held> {
  const address = new URL(path, url);
  address.protocol = "ws:";
  const open = new WebSocket(address, { headers });
  const closed = new Promise<number>((resolve) =>
    open.addEventListener("close", ({ code }) => resolve(code)),
  );
  await new Promise<void>((resolve, reject) => {
    open.addEventListener("open", () => resolve());
    open.addEventListener("error", () => reject(new Error(`no WebSocket at ${path}`)));
  });
  return {
    what: `WebSocket ${path}`,
    finish: async () => {
      const code = await closed;
      if (code !== 1012) throw new Error(`WebSocket ${path} was closed with ${code}, not 1012`);
    },
  };
}

async function signIn(url: URL): Promise<string> {
  const response = await fetch(new URL("api/session", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Smoke" }),
  });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}
