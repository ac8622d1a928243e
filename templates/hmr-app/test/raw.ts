// Sends a request byte for byte: clients that tidy up targets and headers would hide what is tested.
import { connect } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** `target` goes on the request line as it is; Host is the server's own unless given. */
export async function send(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  const fields = Object.entries({ host, connection: "close", ...headers });
  const head = [`${method} ${target} HTTP/1.1`, ...fields.map((field) => field.join(": "))];
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = "";
  await new Promise<void>((resolve, reject) => {
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
      if (isComplete(answer)) socket.end();
    });
    socket.once("close", () => resolve()).once("error", reject);
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
  });
  const end = answer.indexOf("\r\n\r\n");
  const [line = "", ...lines] = answer.slice(0, end).split("\r\n");
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const status = Number(line.split(" ")[1]);
  return { status, headers: new Headers(pairs), body: answer.slice(end + 4) };
}

/** The connection stays open after a WebSocket's head, and after the refusal of one. */
function isComplete(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /^content-length: *(\d+)/im.exec(answer.slice(0, end))?.[1];
  return answer.startsWith("HTTP/1.1 101") || answer.length >= end + 4 + Number(length);
}

/** What a browser sends to open a WebSocket. */
export const upgrading = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
} as const;
