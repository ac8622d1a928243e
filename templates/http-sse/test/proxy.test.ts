// A network that cuts connections at random: every reader ends with every message once, in order.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readEvents } from "../src/events/parse.ts";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

const READERS = 5;
const MESSAGES = 400;

/** Forwards to `port`, and cuts each connection after some bytes of what comes back. */
function openBadNetwork(port: number): Bun.TCPSocketListener<{ upstream: Promise<Bun.Socket> }> {
  return Bun.listen<{ upstream: Promise<Bun.Socket> }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        let left = 200 + Math.floor(Math.random() * 20_000);
        const upstream = Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: {
            data(_, chunk) {
              client.write(chunk.subarray(0, left));
              left -= chunk.byteLength;
              if (left <= 0) client.terminate();
            },
            close: () => client.terminate(),
          },
        });
        client.data = { upstream };
      },
      data: async (client, chunk) => {
        (await client.data.upstream).write(chunk);
      },
      close: async (client) => {
        (await client.data.upstream).terminate();
      },
    },
  });
}

test("readers behind a bad network get every message once, in order", async () => {
  await using server = await TestServer.start();
  const network = openBadNetwork(Number(new URL(server.url).port));
  const start = await server.post("start");
  let connections = 0;

  const readers = Array.from({ length: READERS }, async () => {
    const received: string[] = [];
    let lastEventId = start.id;
    while (received.length < MESSAGES) {
      connections += 1;
      try {
        const response = await fetch(`http://127.0.0.1:${network.port}/api/events`, {
          headers: { "last-event-id": lastEventId },
          keepalive: false,
        });
        if (!response.body) continue;
        for await (const event of readEvents(response.body)) {
          received.push(JSON.parse(event.data).text);
          lastEventId = event.id;
          if (received.length === MESSAGES) break;
        }
      } catch {
        // Cut in the middle: go on after the last whole event.
      }
    }
    return received;
  });
  const posted: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    await server.post(`${i}`);
    posted.push(`${i}`);
  }
  for (const received of await Promise.all(readers)) expect(received).toEqual(posted);
  expect(connections).toBeGreaterThan(READERS);
  network.stop(true);
});
