// Opens a WebSocket with a cookie, which Bun can and browsers cannot.

type Constructor = new (url: string, options: Bun.WebSocketOptions) => Bun.WebSocket;

export function openWebSocket(url: string, cookie: string): Bun.WebSocket {
  // With the types of the DOM, the constructor has no options.
  const BunWebSocket = WebSocket as unknown as Constructor;
  return new BunWebSocket(`${url.replace(/^http/, "ws")}/ws`, { headers: { cookie } });
}
