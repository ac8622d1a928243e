// The service's own metrics: what a dashboard shows about streams and messages.
import { expect, test } from "bun:test";
import { TestServer } from "./server.ts";

test("streams, events and messages are counted", async () => {
  await using server = await TestServer.start({ METRICS_PORT: "0" });
  const url = /http:\/\/\S+\/metrics/.exec(server.output)?.[0] ?? "";
  const figure = async (name: string) => {
    const text = await (await fetch(url)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? "NaN");
  };
  const streams = [await server.events(), await server.events()];
  expect(await figure("sse_streams")).toBe(2);
  const { id } = await server.post("one");
  await server.post("two");
  for (const stream of streams) {
    await stream.next();
    await stream.next();
  }
  expect(await figure("sse_messages_total")).toBe(2);
  expect(await figure("sse_events_sent_total")).toBe(4);
  expect(await figure("sse_slow_consumers_closed_total")).toBe(0);

  using resumed = await server.events({ "last-event-id": id });
  await resumed.next();
  expect(await figure("sse_events_sent_total")).toBe(5);
  for (const stream of streams) stream[Symbol.dispose]();
  while ((await figure("sse_streams")) !== 1) await Bun.sleep(10);
});
