// Private messages: who receives them, and how a receiver is found.
import { describe, expect, test } from "bun:test";
import { ChatServer, until } from "./server.ts";
import { Socket } from "./socket.ts";

const server = ChatServer.shared();

const open = (name: string) => Socket.open(server.url, name);

describe("private messages", () => {
  test("reach every connection of the receiver, and no other user", async () => {
    using ada = await open("Ada");
    using bob = await open("Bob");
    using tab = await Socket.openAs(server.url, bob.cookie);
    using eve = await open("Eve");
    const ok = await ada.ask({ type: "private", to: bob.you.id, text: "psst" });
    expect(ok).toEqual({ type: "ok", ref: expect.anything() });
    const again = { type: "private", to: bob.you, text: "to the user object" };
    expect(await ada.ask(again)).toMatchObject({ type: "ok" });
    for (const socket of [bob, tab]) {
      const message = await socket.next("private");
      expect(message).toEqual({
        type: "private",
        from: ada.you,
        text: "psst",
        at: expect.any(String),
      });
    }
    await eve.settled();
    expect(eve.all("private")).toEqual([]);
  });

  test("can be addressed by name if only one online user has it", async () => {
    using ada = await open("Ada");
    using zoe = await open("Zoë the first");
    expect(await ada.ask({ type: "private", to: zoe.you.name, text: "hi" })).toMatchObject({
      type: "ok",
    });
    using _ = await open("Zoë the first");
    expect(await ada.ask({ type: "private", to: zoe.you.name, text: "hi" })).toMatchObject({
      code: "not_online",
    });
  });

  test("to an offline user do not reach a user whose name is that user's id", async () => {
    using ada = await open("Ada");
    const bob = await open("Bob");
    bob.close();
    await bob.closed;
    using mallory = await open(bob.you.id);
    for (const to of [bob.you.id, bob.you]) {
      await until(
        async () => (await ada.ask({ type: "private", to, text: "for Bob" })).type === "error",
        "Bob is offline",
      );
    }
    await mallory.settled();
    expect(mallory.all("private")).toEqual([]);
  });

  test("to a user who has disconnected are not_online", async () => {
    using ada = await open("Ada");
    const bob = await open("Bob");
    bob.close();
    await bob.closed;
    const ask = () => ada.ask({ type: "private", to: bob.you.id, text: "psst" });
    await until(async () => (await ask()).type === "error", "Bob is offline");
    expect(await ask()).toMatchObject({ type: "error", code: "not_online" });
  });
});
