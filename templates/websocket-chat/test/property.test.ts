// Random dropped connections and crashes: every client ends with the same messages, in order, each once.
import { test } from "bun:test";
import fc from "fast-check";
import { expectSame, Follower } from "./follower.ts";
import { FaultyProxy } from "./proxy.ts";
import { ChatServer } from "./server.ts";
import { startSession } from "./socket.ts";

type Step =
  | { readonly do: "send"; readonly who: number }
  | { readonly do: "drop"; readonly share: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" };

const CLIENTS = 4;
const share = fc.double({ min: 0.1, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant("send"), who: fc.nat(CLIENTS - 1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("drop"), share }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
);

test("random drops, resends, reconnects and crashes", async () => {
  await using server = await ChatServer.start({ RATE_LIMIT: "1000000" });
  await using proxy = await FaultyProxy.start(server.port);
  const names = Array.from({ length: CLIENTS }, (_, i) => `Client ${i}`);
  const cookies = await Promise.all(names.map((name) => startSession(server.url, name)));
  let rooms = 0;

  const scenario = async (steps: readonly Step[]) => {
    const room = `room-${++rooms}`;
    const followers = cookies.map((cookie) => new Follower(proxy.url, cookie, room));
    await Promise.all(followers.map(({ joined }) => joined));
    let sent = 0;
    for (const action of steps) {
      if (action.do === "send") followers[action.who]?.send(`m${++sent}`);
      if (action.do === "drop") proxy.drop(action.share);
      if (action.do === "wait") await Bun.sleep(action.ms);
      if (action.do === "crash") await server.crash().then(() => server.restart());
    }
    await expectSame(followers, sent);
    for (const follower of followers) follower[Symbol.dispose]();
  };
  // On a failure fast-check prints the seed and the steps that failed.
  const steps = fc.array(step, { minLength: 10, maxLength: 80, size: "max" });
  await fc.assert(fc.asyncProperty(steps, scenario), { numRuns: 12, endOnFailure: true });
});
