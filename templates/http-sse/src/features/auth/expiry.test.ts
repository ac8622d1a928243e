// The end of a stream: when its token expires, and after an hour at the latest, because the key may have been removed.
import { expect, jest, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { parseEnv } from "#lib/env";
import { Metrics } from "#lib/metrics";
import { type AppEnv, access } from "../../access.ts";
import { schema } from "../../env.ts";
import { Broadcaster } from "../events/broadcaster.ts";
import { eventStream } from "../events/stream.ts";
import { SqliteMessages } from "../messages/sqlite.ts";
import { authenticate } from "./authenticate.ts";
import { bearer, SECRET, seconds, tokenOf } from "./test-tokens.ts";

test("a stream ends when its grant does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-expiry-"));
  const messages = new SqliteMessages(join(folder, "messages.db"), 10);
  const broadcaster = new Broadcaster(messages, 1000, new Metrics());
  jest.useFakeTimers();
  try {
    const open = (expiresAt: number | undefined) =>
      eventStream({
        broadcaster,
        messages,
        patterns: ["*"],
        lastEventId: undefined,
        expiresAt,
        maxBufferedBytes: 1000,
        onSlowConsumer: () => undefined,
        onError: () => undefined,
      });
    open(Date.now() + 60_000);
    open(undefined);
    jest.advanceTimersByTime(59_000);
    expect(broadcaster.size).toBe(2);
    jest.advanceTimersByTime(2000);
    expect(broadcaster.size).toBe(1);
  } finally {
    jest.useRealTimers();
    broadcaster.close();
    messages.close();
    await rm(folder, { recursive: true });
  }
});

test.each([
  ["that expires in a minute", 60, 60],
  ["that expires in a day", 24 * 60 * 60, 60 * 60],
  ["that never expires", undefined, 60 * 60],
])("the grant of a token %s", async (_, expiresInS, endsInS) => {
  const app = new Hono<AppEnv>()
    .use(...(await authenticate(parseEnv(schema, { AUTH_SECRET: SECRET }))))
    .get("/", access("subscribe"), (c) => c.json({ expiresAt: c.get("grant").expiresAt }));
  const exp = expiresInS === undefined ? {} : { exp: seconds(expiresInS) };
  const headers = bearer(await tokenOf({ subscribe: ["a"], ...exp }));
  const { expiresAt } = (await (await app.request("/", { headers })).json()) as {
    expiresAt: number;
  };
  const remainingS = (expiresAt - Date.now()) / 1000;
  expect(remainingS).toBeLessThanOrEqual(endsInS);
  expect(remainingS).toBeGreaterThan(endsInS - 30);
});
