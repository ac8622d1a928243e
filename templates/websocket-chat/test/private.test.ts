// Private messages: who receives them.
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
    const ok = await ada.ask({ type: "private", to: { id: bob.you.id }, text: "psst" });
    expect(ok).toEqual({ type: "ok", ref: expect.anything() });
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

  test.each([42, "Bob", { name: "Bob" }])("to %p, which has no id, are refused", async (to) => {
    using ada = await open("Ada");
    const reply = await ada.ask({ type: "private", to, text: "hi" });
    expect(reply).toMatchObject({ code: "invalid_message" });
  });

  test("to an offline user do not reach a user whose name is that user's id", async () => {
    using ada = await open("Ada");
    const bob = await open("Bob");
    bob.close();
    await bob.closed;
    using mallory = await open(bob.you.id);
    const ask = () => ada.ask({ type: "private", to: bob.you, text: "for Bob" });
    await until(async () => (await ask()).type === "error", "Bob is offline");
    await mallory.settled();
    expect(mallory.all("private")).toEqual([]);
  });

  test("to a user who has disconnected are not_online", async () => {
    using ada = await open("Ada");
    const bob = await open("Bob");
    bob.close();
    await bob.closed;
    const ask = () => ada.ask({ type: "private", to: bob.you, text: "psst" });
    await until(async () => (await ask()).type === "error", "Bob is offline");
    expect(await ask()).toMatchObject({ type: "error", code: "not_online" });
  });
});
