// The hub: which name of a session counts, and errors while it delivers.
import { expect, test } from "bun:test";
import { Metrics } from "#lib/metrics";
import type { Service } from "#lib/service";
import { schema } from "../src/env.ts";
import type { Connection } from "../src/features/chat/connection.ts";
import { Hub } from "../src/features/chat/hub.ts";
import { newSession, type Session } from "../src/features/session/cookie.ts";
import { CLOSE } from "../src/protocol.ts";

function createHub(server: Partial<Service["server"]> = {}): Hub {
  const { signal: draining } = new AbortController();
  const service = { server, draining, metrics: new Metrics(false) } as unknown as Service;
  return new Hub(schema.parse({}), service);
}

test("the latest of two names from the same millisecond counts", () => {
  const hub = createHub();
  const session = (name: string): Session => ({ id: "s", expires: 1, user: { id: "a", name } });
  hub.signal({ type: "rename", session: session("Countess") });
  expect(hub.latestSession(session("Ada"))).toEqual(session("Countess"));
});

test("a rename expires later than the session before it, also if the clock was set back", () => {
  const session = newSession("Ada");
  const ahead = { ...session, expires: session.expires + 60_000 };
  expect(newSession("Countess", ahead).expires).toBeGreaterThan(ahead.expires);
});

test("an error while delivering is not thrown, and closes the connections, which then recover", () => {
  const server = {
    publish: () => {
      throw new Error("A bug.");
    },
  };
  const hub = createHub(server);
  const codes: number[] = [];
  const session = { id: "s", user: { id: "a", name: "Ada" } };
  hub.connect({ session, close: (code: number) => codes.push(code) } as unknown as Connection);
  hub.deliver({ topic: "room:general", frame: "{}", offset: 1 });
  expect(codes).toEqual([CLOSE.restart]);
});
