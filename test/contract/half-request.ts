// A request that stays in flight until a test finishes it.
import { connect } from "node:net";
import type { Route } from "./routes.ts";

/** Sends the head and half of the body of a request. `finish` sends the other half and returns the response. */
export async function halfRequest(url: URL, { method, path }: Pick<Route, "method" | "path">) {
  const { hostname, port } = url;
  const body = JSON.stringify({ half: "now", rest: "later" });
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  // A broken connection is closed as well, and the incomplete response shows it.
  socket.once("error", ({ message }) => {
    answer += message;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => {
    socket.write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, 10)}`, () => resolve());
  });
  // Once a later request has a response, the server has received this one.
  await fetch(new URL("healthz", url));
  return {
    finish: async () => {
      socket.write(body.slice(10));
      await closed;
      return answer;
    },
  };
}
