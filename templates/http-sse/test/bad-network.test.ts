// A network that drops connections at random: every client receives every message once, in order.
import { expect, test } from "bun:test";
import { readEvents } from "../src/features/events/parse.ts";
import { TestServer } from "./server.ts";

const CLIENTS = 5;
const MESSAGES = 400;

/** Forwards to `port`, and drops each connection after a random number of response bytes. */
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

test("clients behind a bad network receive every message once, in order", async () => {
  await using server = await TestServer.start();
  const network = openBadNetwork(Number(new URL(server.url).port));
  const start = await server.post("start");
  let connections = 0;

  const clients = Array.from({ length: CLIENTS }, async () => {
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
        // The connection was dropped: resume after the last complete event.
      }
    }
    return received;
  });
  const posted: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    await server.post(`${i}`);
    posted.push(`${i}`);
  }
  for (const received of await Promise.all(clients)) expect(received).toEqual(posted);
  expect(connections).toBeGreaterThan(CLIENTS);
  network.stop(true);
});
