// Sends a request byte for byte, because HTTP clients normalise the targets and headers that the tests need.
import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Sends `target` unchanged in the request line. `Host` is that of the server unless `headers` contains another one. */
export async function send(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<RawResponse> {
  const { hostname, port, host } = new URL(url);
  const fields = Object.entries({ host, connection: "close", ...headers });
  const head = [`${method} ${target} HTTP/1.1`, ...fields.map((field) => field.join(": "))];
  const socket = connect({ host: hostname.replace(/[[\]]/g, ""), port: Number(port) });
  let response = "";
  await new Promise<void>((resolve, reject) => {
    socket.setEncoding("latin1").on("data", (text: string) => {
      response += text;
      if (isComplete(response)) socket.end();
    });
    socket.once("close", () => resolve()).once("error", reject);
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
  });
  const end = response.indexOf("\r\n\r\n");
  const [line = "", ...lines] = response.slice(0, end).split("\r\n");
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const status = Number(line.split(" ")[1]);
  return { status, headers: new Headers(pairs), body: response.slice(end + 4) };
}

/** The server keeps the connection open after a WebSocket handshake, and after it has refused one. */
function isComplete(response: string): boolean {
  const end = response.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /^content-length: *(\d+)/im.exec(response.slice(0, end))?.[1];
  return response.startsWith("HTTP/1.1 101") || response.length >= end + 4 + Number(length);
}

/** Headers with which a browser opens a WebSocket. */
export const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
} as const;
