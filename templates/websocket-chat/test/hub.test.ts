import { expect, test } from "bun:test";
import { Metrics } from "#lib/metrics";
import type { Service } from "#lib/service";
import { schema } from "../src/env.ts";
import type { Connection } from "../src/features/chat/connection.ts";
import { Hub } from "../src/features/chat/hub.ts";
import { CLOSE } from "../src/protocol.ts";

test("an error while delivering is not thrown, and closes the connections, which then recover", () => {
  const server = {
    publish: () => {
      throw new Error("A bug.");
    },
  };
  const { signal: draining } = new AbortController();
  const service = { server, draining, metrics: new Metrics(false) } as unknown as Service;
  const hub = new Hub(schema.parse({}), service);
  const codes: number[] = [];
  const session = { id: "s", user: { id: "a", name: "Ada" } };
  hub.connect({ session, close: (code: number) => codes.push(code) } as unknown as Connection);
  hub.deliver({ topic: "room:general", frame: "{}", offset: 1 });
  expect(codes).toEqual([CLOSE.restart]);
});
