// Changes of messages over sockets: who may do what, what members receive, and what is refused.
import { expect, test } from "bun:test";
// #region reactions
import { applyEvent } from "../src/apply-event.ts";
// #endregion
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

const server = ChatServer.shared();

let rooms = 0;

/** Two members of a new room with one message of the first. */
async function setUp() {
  const room = `room-${++rooms}`;
  const ada = await Socket.open(server.url, "Ada");
  const bob = await Socket.open(server.url, "Bob");
  const { epoch } = await ada.join(room);
  await bob.join(room);
  await ada.chat(room, "hello", "first");
  const close = () => {
    for (const socket of [ada, bob]) socket.drop();
  };
  return { room, ada, bob, epoch, [Symbol.dispose]: close };
}

test("messages in a snapshot are in their current state", async () => {
  using all = await setUp();
  const { room, ada, bob } = all;
  const { messages } = await bob.join(room);
  expect(messages as unknown).toEqual([
    {
      ...{ offset: 1, from: ada.you, text: "hello", at: expect.any(String), key: "first" },
      // #region reactions
      reactions: [],
      // #endregion
    },
  ]);
});
// #region edits

test("members get the edit and the deletion, and a resent key gets the same ok", async () => {
  using all = await setUp();
  const { room, ada, bob, epoch } = all;
  const edit = { type: "edit", room, target: 1, text: "hello!", key: "e" };
  const deletion = { type: "delete", room, target: 1, key: "d" };
  const at = expect.any(String);
  for (const [i, event] of [edit, deletion].entries()) {
    const offset = i + 2;
    const ok = { type: "ok", ref: expect.anything(), room, epoch, offset } as const;
    expect(await ada.ask(event)).toEqual(ok);
    expect(await ada.ask(event)).toEqual(ok);
    const type = event.type as "edit" | "delete";
    const seen = { ...event, epoch, offset, from: ada.you, at };
    expect((await bob.next(type)) as unknown).toEqual(seen);
  }
  await bob.settled();
  expect([...bob.all("edit"), ...bob.all("delete")]).toHaveLength(2);
  expect(await bob.join(room)).toMatchObject({ offset: 3, messages: [] });
  const replay = await bob.join(room, { epoch, offset: 0 });
  expect(replay.recovered).toBe(true);
  expect(replay.messages.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(JSON.stringify(replay)).not.toContain("hello");
});

test("only the author can change a message that exists", async () => {
  using all = await setUp();
  const { room, ada, bob } = all;
  const refused = (code: string) => ({ type: "error", code, retry: false });
  const edit = { type: "edit", room, target: 1, text: "mine", key: "k" };
  expect(await bob.ask(edit)).toMatchObject(refused("forbidden"));
  expect(await bob.ask({ ...edit, type: "delete" })).toMatchObject(refused("forbidden"));
  expect(await bob.ask({ ...edit, target: 9 })).toMatchObject(refused("not_found"));
  // The refused key is still free. An edit is not a message that can be edited.
  expect(await ada.ask(edit)).toMatchObject({ type: "ok", offset: 2 });
  expect(await ada.ask({ ...edit, target: 2, key: "k2" })).toMatchObject(refused("not_found"));
  const long = { ...edit, text: "x".repeat(4001), key: "k3" };
  expect(await ada.ask(long)).toMatchObject(refused("too_long"));
  await ada.ask({ type: "leave", room });
  expect(await ada.ask({ ...edit, key: "k4" })).toMatchObject(refused("not_in_room"));
});
// #endregion
// #region reactions

test("members get a reaction to anybody's message; one that changes nothing is only acknowledged", async () => {
  using all = await setUp();
  const { room, ada, bob, epoch } = all;
  const react = { type: "react", room, target: 1, emoji: "👍", on: true, key: "r" };
  const ok = { type: "ok", ref: expect.anything(), room, epoch, offset: 2 } as const;
  expect(await bob.ask(react)).toEqual(ok);
  expect(await bob.ask({ ...react, key: "again" })).toEqual(ok);
  const seen = { ...react, epoch, offset: 2, from: bob.you, at: expect.any(String) };
  expect((await ada.next("react")) as unknown).toEqual(seen);
  const { messages } = await ada.join(room);
  expect(messages[0]?.reactions).toEqual([{ emoji: "👍", users: [bob.you] }]);
  expect(await bob.ask({ ...react, on: false, key: "off" })).toMatchObject({ offset: 3 });
  await ada.settled();
  expect(ada.all("react")).toHaveLength(2);
  expect((await ada.join(room)).messages[0]?.reactions).toEqual([]);
});

test("a message that was stored without a list of reactions can get one", () => {
  const from = { id: "ada", name: "Ada" };
  const at = new Date().toISOString();
  const message = { offset: 1, from, text: "hello", at, key: "k" };
  const event = { epoch: "e", offset: 2, from, at, room: "general", key: "r", target: 1 } as const;
  expect(applyEvent({ ...event, type: "react", emoji: "👍", on: true }, message)).toEqual({
    ...message,
    reactions: [{ emoji: "👍", users: [from] }],
  });
});

test.each(["", "x", "👍👍", "<b>", "1"])("%j is not an emoji", async (emoji) => {
  using all = await setUp();
  const react = { type: "react", room: all.room, target: 1, emoji, on: true, key: "r" };
  expect(await all.bob.ask(react)).toMatchObject({ code: "invalid_message", retry: false });
});
// #endregion
