// Random dropped connections and crashes: every client ends with the same events, in order, each once.
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { NewEvent } from "../src/client/client.ts";
import type { EventKind } from "../src/protocol.ts";
import { Follower } from "./follower.ts";
import { FaultyProxy } from "./proxy.ts";
import { ChatServer, until } from "./server.ts";
import { Socket, startSession } from "./socket.ts";
import { engines } from "./stores.ts";

type Step =
  | { readonly do: "post"; readonly who: number; readonly kind: number; readonly target: number }
  | { readonly do: "drop"; readonly share: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" };

const CLIENTS = 4;
const share = fc.double({ min: 0.1, max: 1, noNaN: true });
const post = {
  do: fc.constant("post"),
  who: fc.nat(CLIENTS - 1),
  kind: fc.nat(9),
  target: fc.nat(9),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: fc.record(post) as fc.Arbitrary<Step> },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("drop"), share }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
) as fc.Arbitrary<Step>;

/** An event of each kind. Some are refused: targets that do not exist, or are another user's. */
const events: { readonly [K in EventKind]: (room: string, n: number, target: number) => NewEvent } =
  {
    chat: (room, n) => ({ type: "chat", room, text: `message ${n}` }),
    // #region edits
    edit: (room, n, target) => ({ type: "edit", room, target, text: `edit ${n}` }),
    delete: (room, _, target) => ({ type: "delete", room, target }),
    // #endregion
    // #region reactions
    react: (room, n, target) => ({
      ...{ type: "react", room, target },
      ...{ emoji: n % 3 ? "👍" : "🎉", on: n % 4 > 0 },
    }),
    // #endregion
  };
const kinds = Object.values(events);

const title = "random drops, resends, reconnects and crashes, with events of all kinds";
for (const { name, skip, make } of engines)
  test.skipIf(skip)(
    `${name}: ${title}`,
    async () => {
      await using cleanups = new AsyncDisposableStack();
      const { env, clear } = await make();
      cleanups.defer(clear);
      await using server = await ChatServer.start({ ...env, RATE_LIMIT: "1000000" });
      await using proxy = await FaultyProxy.start(server.port);
      const names = Array.from({ length: CLIENTS }, (_, i) => `Client ${i}`);
      const cookies = await Promise.all(names.map((name) => startSession(server.url, name)));
      let rooms = 0;

      const scenario = async (steps: readonly Step[]) => {
        const room = `room-${++rooms}`;
        const followers = cookies.map((cookie) => new Follower(proxy.url, cookie, room));
        await Promise.all(followers.map(({ joined }) => joined));
        let posted = 0;
        for (const action of steps) {
          if (action.do === "post") {
            const event = kinds[action.kind % kinds.length] ?? events.chat;
            followers[action.who]?.post(event(room, ++posted, action.target + 1));
          }
          if (action.do === "drop") proxy.drop(action.share);
          if (action.do === "wait") await Bun.sleep(action.ms);
          if (action.do === "crash") await server.crash().then(() => server.restart());
        }
        await until(
          () => followers.every(({ unsent }) => unsent === 0),
          "everything is acknowledged",
        );
        await server.ready();
        using witness = await Socket.open(server.url, "Witness");
        const { offset, messages } = await witness.join(room);
        const isComplete = () =>
          followers.every(({ seen }) => (seen.at(-1)?.offset ?? 0) === offset);
        await until(isComplete, `all have ${offset} events`);
        const offsets = Array.from({ length: offset }, (_, i) => i + 1);
        for (const { seen, messages: shown } of followers) {
          expect(seen.map((event) => event.offset)).toEqual(offsets);
          expect(new Set(seen.map(({ key, from }) => `${from.id} ${key}`)).size).toBe(offset);
          // A page that applied every event shows the same as a new page.
          expect([...shown.values()].slice(-messages.length || shown.size) as unknown).toEqual(
            messages,
          );
        }
        for (const follower of followers) follower[Symbol.dispose]();
      };
      // On a failure fast-check prints the seed and the steps that failed.
      const steps = fc.array(step, { minLength: 10, maxLength: 80, size: "max" });
      await fc.assert(fc.asyncProperty(steps, scenario), { numRuns: 8, endOnFailure: true });
    },
    // Each crash costs a start of the service, which takes seconds on a busy machine.
    240_000,
  );
