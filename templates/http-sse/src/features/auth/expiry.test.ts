// The end of a stream whose token expires later than a timer can wait, or never.
import { expect, jest, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metrics } from "#lib/metrics";
import { Broadcaster } from "../events/broadcaster.ts";
import { eventStream } from "../events/stream.ts";
import { SqliteMessages } from "../messages/sqlite.ts";

const DAY_MS = 24 * 60 * 60_000;

test.each([
  ["in a day", DAY_MS, DAY_MS],
  ["in 30 days", 30 * DAY_MS, 25 * DAY_MS],
  ["never", Number.POSITIVE_INFINITY, 25 * DAY_MS],
])("a stream whose token expires %s ends after that or 25 days", async (_, lifeMs, endsAfterMs) => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-expiry-"));
  const messages = new SqliteMessages(join(folder, "messages.db"), 10);
  const broadcaster = new Broadcaster(messages, 1000, new Metrics());
  jest.useFakeTimers();
  try {
    eventStream({
      broadcaster,
      messages,
      topics: ["*"],
      lastEventId: undefined,
      expiresAt: Date.now() + lifeMs,
      maxBufferedBytes: 1000,
      onSlowConsumer: () => undefined,
      onError: () => undefined,
    });
    jest.advanceTimersByTime(endsAfterMs - DAY_MS / 2);
    expect(broadcaster.streams.size).toBe(1);
    jest.advanceTimersByTime(DAY_MS);
    expect(broadcaster.streams.size).toBe(0);
  } finally {
    jest.useRealTimers();
    broadcaster.close();
    messages.close();
    await rm(folder, { recursive: true });
  }
});
