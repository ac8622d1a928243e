// Whatever is cut and whenever: every client ends with the same list, in order, nothing lost or twice.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChatClient } from "../src/page/client.ts";
import type { ChatMessage } from "../src/protocol.ts";
import { startSession } from "./person.ts";
import { CuttingProxy } from "./proxy.ts";
import { ChatServer, TIMEOUT, until } from "./server.ts";

type Step =
  | { readonly do: "say"; readonly who: number }
  | { readonly do: "cut"; readonly share: number }
  | { readonly do: "crash" }
  | { readonly do: "wait"; readonly ms: number };

const CLIENTS = 4;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant("say" as const), who: fc.nat(CLIENTS - 1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("cut" as const),
      share: fc.double({ min: 0.1, max: 1, noNaN: true }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.constant({ do: "crash" as const }) },
);

/** A client of the page that keeps what it was shown. */
function follow(url: string, cookie: string, room: string) {
  const seen: ChatMessage[] = [];
  const joined = Promise.withResolvers<void>();
  const client = new ChatClient({
    backoff: { base: 10, cap: 100 },
    connect: () => new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { cookie } }),
    events: {
      state: () => undefined,
      settled: () => undefined,
      joined: (_, { messages }) => {
        seen.push(...messages);
        joined.resolve();
      },
      frame: (frame) => frame.type === "chat" && seen.push(frame),
    },
  });
  client.join(room);
  client.connect();
  return { client, seen, joined: joined.promise };
}

test(
  "random cuts, resends, reconnects and crashes",
  async () => {
    await using server = await ChatServer.start({ RATE_LIMIT: "1000000" });
    await using proxy = await CuttingProxy.start(server.port);
    const names = Array.from({ length: CLIENTS }, (_, i) => `Client ${i}`);
    const cookies = await Promise.all(names.map((name) => startSession(server.url, name)));
    let rooms = 0;

    const scenario = async (steps: readonly Step[]) => {
      const room = `room-${++rooms}`;
      const people = cookies.map((cookie) => follow(proxy.url, cookie, room));
      await Promise.all(people.map(({ joined }) => joined));
      let said = 0;
      for (const action of steps) {
        if (action.do === "say") people[action.who]?.client.say(room, `m${++said}`);
        if (action.do === "cut") proxy.cut(action.share);
        if (action.do === "wait") await Bun.sleep(action.ms);
        if (action.do === "crash") await server.crash().then(() => server.restart());
      }
      await until(() => people.every(({ seen }) => seen.length >= said), `all have ${said}`);
      for (const { client } of people) client.close();
      const [first, ...others] = people.map(({ seen }) => seen);
      expect(first?.map(({ offset }) => offset)).toEqual(
        Array.from({ length: said }, (_, i) => i + 1),
      );
      expect(new Set(first?.map(({ text }) => text)).size).toBe(said);
      for (const seen of others) expect(seen).toEqual(first ?? []);
    };
    // On a failure fast-check prints the seed and the shortest list of steps that fails.
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: "max" }), scenario),
      { numRuns: 25, endOnFailure: true },
    );
  },
  2 * TIMEOUT,
);
