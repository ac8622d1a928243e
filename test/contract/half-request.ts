// A request that is in flight for as long as a test wants it to be.
import { connect } from "node:net";
import type { Route } from "./routes.ts";

/** Sends the head and half of the body of a request; `finish` sends the rest and returns the answer. */
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
  // A connection that breaks is closed, too: the answer, or what there is of it, says so.
  socket.once("error", ({ message }) => {
    answer += message;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => {
    socket.write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, 10)}`, () => resolve());
  });
  // Once a later request is answered, the server has this one in hand.
  await fetch(new URL("healthz", url));
  return {
    finish: async () => {
      socket.write(body.slice(10));
      await closed;
      return answer;
    },
  };
}
