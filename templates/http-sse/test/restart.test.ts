// kill -9 while messages are posted: acknowledged messages survive, and a client receives each one once.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "./server.ts";

test("a client that resumes across kill -9 and restart receives every message once, in order", async () => {
  await using server = await TestServer.start();
  const acknowledged: string[] = [];
  const received: string[] = [];
  let last = (await server.post("start")).id;
  let isReading = true;
  const following = (async () => {
    while (isReading) {
      try {
        using client = await server.events({ "last-event-id": last });
        for (let event = await client.next(); event; event = await client.next()) {
          expect(event.event).toBe("message");
          last = event.id;
          received.push(JSON.parse(event.data).text);
          if (received.at(-1) === "end") return;
        }
      } catch {
        await Bun.sleep(20); // The server is restarting.
      }
    }
  })();
  try {
    for (let round = 0; round < 3; round++) {
      const posting = Array.from({ length: 4 }, async (_, poster) => {
        for (let i = 0; ; i++) {
          const text = `${round}.${poster}.${i}`;
          const key = { "idempotency-key": text };
          const sent = await server.post(text, key).catch(() => undefined);
          if (!sent) return;
          acknowledged.push(text);
        }
      });
      const before = acknowledged.length;
      while (acknowledged.length < before + 50) await Bun.sleep(5);
      await server.stop("SIGKILL");
      await Promise.all(posting);
      await server.restart();
    }
    await server.post("end");
    await following;
  } finally {
    isReading = false;
  }
  const counts = Map.groupBy(received, (text) => text);
  expect(acknowledged.filter((text) => !counts.has(text))).toEqual([]);
  expect([...counts.values()].filter((texts) => texts.length > 1)).toEqual([]);
  const stored: string[] = [];
  let next: string | null = "";
  while (next !== null) {
    const page = await server.fetch(`/api/messages?limit=100${next && `&after=${next}`}`);
    const body = (await page.json()) as { items: { text: string }[]; next: string | null };
    stored.push(...body.items.map(({ text }) => text));
    next = body.next;
  }
  expect(["start", ...received]).toEqual(stored);
});

test("an Idempotency-Key is remembered across a restart", async () => {
  await using server = await TestServer.start();
  const key = { "idempotency-key": "order-1" };
  const first = await server.post("once", key);
  await server.stop("SIGKILL");
  await server.restart();
  expect(await server.post("once", key)).toEqual(first);
});

test("after a restore as the README describes it, a client that was ahead of the backup gets a gap", async () => {
  const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();
  const newEpoch = /"(UPDATE log [^"]*)"/.exec(readme)?.[1] ?? "";
  await using server = await TestServer.start();
  const file = join(server.dataDir, "messages.db");
  const backup = join(server.dataDir, "messages-backup.db");
  await server.post("before");
  {
    using db = new Database(file);
    db.run("VACUUM INTO ?", [backup]);
  }
  const { id } = await server.post("lost");
  await server.stop();
  for (const suffix of ["-wal", "-shm"]) await rm(file + suffix, { force: true });
  await copyFile(backup, file);
  {
    using db = new Database(file);
    db.run(newEpoch);
  }
  await server.restart();
  // Without the new epoch, the first of these would have the id of the lost message.
  for (const text of ["missed", "newest"]) await server.post(text);
  using client = await server.events({ "last-event-id": id });
  expect((await client.next())?.event).toBe("gap");
  expect(await client.texts(3)).toEqual(["before", "missed", "newest"]);
});
