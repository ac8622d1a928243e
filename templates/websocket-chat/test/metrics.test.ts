// The service's own metrics: what a dashboard shows about connections, rooms and messages.
import { expect, test } from "bun:test";
import { readMetric } from "./metrics.ts";
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

test("connections, rooms, messages and deliveries are counted", async () => {
  await using server = await ChatServer.start({ METRICS_PORT: "0" });
  using ada = await Socket.open(server.url, "Ada");
  using bob = await Socket.open(server.url, "Bob");
  for (const socket of [ada, bob]) await socket.join("metrics");
  const before = await readMetric(server, "chat_deliveries_total");
  await ada.chat("metrics", "hello");
  for (const socket of [ada, bob]) await socket.next("chat");
  expect(await readMetric(server, "chat_deliveries_total")).toBe(before + 2);
  expect(await readMetric(server, "chat_messages_total")).toBe(1);
  expect(await readMetric(server, "chat_connections")).toBe(2);
  expect(await readMetric(server, "chat_rooms")).toBe(1);
});
