// Whatever is cut and whenever: every client ends with the same list, in order, nothing lost or twice.
import { setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { expectSame, Follower } from "./follower.ts";
import { startSession } from "./person.ts";
import { CuttingProxy } from "./proxy.ts";
import { ChatServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

type Step =
  | { readonly do: "say"; readonly who: number }
  | { readonly do: "cut"; readonly share: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" };

const CLIENTS = 4;
const share = fc.double({ min: 0.1, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant("say"), who: fc.nat(CLIENTS - 1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("cut"), share }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
);

test("random cuts, resends, reconnects and crashes", async () => {
  await using server = await ChatServer.start({ RATE_LIMIT: "1000000" });
  await using proxy = await CuttingProxy.start(server.port);
  const names = Array.from({ length: CLIENTS }, (_, i) => `Client ${i}`);
  const cookies = await Promise.all(names.map((name) => startSession(server.url, name)));
  let rooms = 0;

  const scenario = async (steps: readonly Step[]) => {
    const room = `room-${++rooms}`;
    const people = cookies.map((cookie) => new Follower(proxy.url, cookie, room));
    await Promise.all(people.map(({ joined }) => joined));
    let said = 0;
    for (const action of steps) {
      if (action.do === "say") people[action.who]?.say(`m${++said}`);
      if (action.do === "cut") proxy.cut(action.share);
      if (action.do === "wait") await Bun.sleep(action.ms);
      if (action.do === "crash") await server.crash().then(() => server.restart());
    }
    await expectSame(people, said);
    for (const person of people) person[Symbol.dispose]();
  };
  // On a failure fast-check prints the seed and the steps that failed.
  const steps = fc.array(step, { minLength: 10, maxLength: 80, size: "max" });
  await fc.assert(fc.asyncProperty(steps, scenario), { numRuns: 12, endOnFailure: true });
});
