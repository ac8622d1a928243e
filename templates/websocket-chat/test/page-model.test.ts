// The state of the page after the frames it receives, without a browser: unread counts, gaps, names, links.
import { expect, test } from "bun:test";
import { Model } from "../src/features/page/model.ts";
import { labels, skeleton } from "../src/features/page/names.ts";
import type { EventOf, Message } from "../src/protocol.ts";

const me = { id: "me", name: "Me" };
const bob = { id: "bob-id", name: "Bob" };
const at = new Date(0).toISOString();
const chat = (offset: number, text: string, from = bob): EventOf<"chat"> => {
  return { type: "chat", room: "a", epoch: "e", offset, from, at, text, key: `k${offset}` };
};
const message = (offset: number, text: string): Message => ({
  ...{ offset, from: bob, text, at, key: `k${offset}` },
  // #region reactions
  reactions: [],
  // #endregion
});

function open() {
  const model = new Model(me);
  const room = model.open("room", "a");
  model.show(model.open("room", "elsewhere"));
  return { model, room, texts: () => room.lines.map(({ text }) => text) };
}
const empty = { epoch: "e", offset: 0, members: [me], messages: [] };

test("history is not unread, and what was missed is, also in a room that was empty", () => {
  const { model, room, texts } = open();
  const history = { ...empty, offset: 1, recovered: false, messages: [message(1, "old")] } as const;
  model.joined("a", history, true);
  expect(room.unread).toBe(0);
  model.joined("a", { ...empty, offset: 2, recovered: true, messages: [chat(2, "missed")] }, false);
  expect(room.unread).toBe(1);
  const after = [message(2, "missed"), message(9, "after a gap")];
  model.joined("a", { ...empty, epoch: "f", offset: 9, recovered: false, messages: after }, false);
  expect(room.unread).toBe(2);
  expect(texts()).toEqual(["", "missed", "after a gap"]);

  const quiet = open();
  quiet.model.joined("a", { ...empty, recovered: false }, true);
  const first = { ...empty, offset: 1, recovered: true, messages: [chat(1, "first")] } as const;
  quiet.model.joined("a", first, false);
  expect(quiet.room.unread).toBe(1);
});

test("an event of an unknown kind changes nothing, and the events after it are shown", () => {
  const { model, texts } = open();
  model.joined("a", { ...empty, offset: 1, recovered: true, messages: [chat(1, "one")] }, true);
  const unknown = { ...chat(2, ""), type: "unknown", target: 1 } as unknown as EventOf<"chat">;
  const messages = [unknown, { ...unknown, offset: 3, target: 9 }, chat(4, "two")];
  model.joined("a", { ...empty, offset: 4, recovered: true, messages }, false);
  expect(texts()).toEqual(["one", "two"]);
  model.receive({ ...unknown, offset: 5 });
  expect(texts()).toEqual(["one", "two"]);
});

test.each(["ok", "event"])(
  "one's own message is shown once, also if its %s arrives first",
  (first) => {
    const { model, room, texts } = open();
    model.joined("a", { ...empty, recovered: false }, true);
    const unsent = { type: "chat", room: "a", text: "mine", key: "k1" } as const;
    model.addUnsent(unsent, "");
    expect(room.lines.map(({ state }) => state)).toEqual(["waiting"]);
    const ok = () => model.settled(unsent);
    const event = () => model.receive(chat(1, "mine", me));
    for (const step of first === "ok" ? [ok, event] : [event, ok]) {
      step();
      expect(texts()).toEqual(["mine"]);
      expect(room.lines.map(({ state }) => state)).toEqual(["sent"]);
    }
    expect(room.lines[0]?.message?.offset).toBe(1);
  },
);

test("frames of a room that was left do not open it again", () => {
  const { model, room } = open();
  model.joined("a", { ...empty, recovered: false }, true);
  model.close(room);
  model.receive(chat(1, "late"));
  model.receive({ type: "user-joined", room: "a", user: bob });
  // #region typing
  model.receive({ type: "typing", room: "a", from: bob });
  // #endregion
  model.joined("a", { ...empty, recovered: false }, false);
  expect([...model.conversations.keys()]).toEqual(["room:elsewhere"]);
});

test("a user who is renamed is renamed everywhere", () => {
  const { model, room } = open();
  const history = { ...empty, members: [me, bob], messages: [message(1, "hello")] } as const;
  model.joined("a", { ...history, offset: 1, recovered: false }, true);
  // #region private
  model.addPrivate(bob, { from: bob, text: "psst", at });
  // #endregion
  const renamed = { id: bob.id, name: "Robert" };
  model.receive({ type: "user-joined", room: "elsewhere", user: renamed });
  expect(room.members.get(bob.id)).toEqual(renamed);
  expect(model.labelOf(room.lines[0]?.from ?? me)).toBe("Robert");
  // #region private
  expect(model.open("user", bob.id).title).toBe("Robert");
  // #endregion
  model.receive({ type: "user-joined", room: "elsewhere", user: { id: "me", name: "I" } });
  expect(model.me.name).toBe("I");
  // An author who has left, with the same name, is shown with a tag from now on.
  const namesake = { id: "carl-id", name: "Robert" };
  model.receive({ ...chat(2, "hello"), from: namesake });
  expect([renamed, namesake].map((user) => model.labelOf(user))).toEqual([
    `Robert #${renamed.id.slice(0, 4)}`,
    "Robert #carl",
  ]);
});
// #region edits

test("a message that is edited or deleted changes its line, and a deleted one leaves none", () => {
  const { model, texts } = open();
  model.joined("a", { ...empty, recovered: false }, true);
  for (const event of [chat(1, "one"), chat(2, "two")]) model.receive(event);
  const about = { room: "a", epoch: "e", from: bob, at };
  model.receive({ ...about, type: "edit", offset: 3, target: 1, text: "ONE", key: "e" });
  expect(texts()).toEqual(["ONE", "two"]);
  model.receive({ ...about, type: "delete", offset: 4, target: 1, key: "d" });
  expect(texts()).toEqual(["two"]);
  // A replay: the text of a message that is deleted by now is missing.
  const { text: _, ...erased } = chat(5, "gone");
  const deletion = { ...about, type: "delete", offset: 6, target: 5, key: "d2" } as const;
  const replay = { ...empty, offset: 6, recovered: true, messages: [erased, deletion] } as const;
  model.joined("a", replay, false);
  expect(texts()).toEqual(["two"]);
});
// #endregion

test.each([
  ["Ada", "Аda"],
  ["Ada", "Ada\u0301".replace("a\u0301", "a")],
  ["Ada", "ada"],
  ["Ada", "Аԁа"],
  ["Ada", "Ａｄａ"],
  ["Ada", "𝐀𝐝𝐚"],
  ["Bill", "BiIl"],
  ["Bill", "B1ll"],
  ["modern", "modem"],
  ["Oleg", "0leg"],
  // A capital letter of another script whose small letter looks different.
  ["Bob", "Βob"],
  ["Hana", "Ηana"],
  ["Max", "Μax"],
  ["Nina", "Νina"],
  ["Yan", "Υan"],
  ["Zoe", "Ζoe"],
  ["Bob", "Ꮟob"],
  ["Will", "Ꮃill"],
])("%s and %s get a tag", (one, other) => {
  expect(skeleton(other)).toBe(skeleton(one));
  const names = new Map([
    ["first-user", one],
    ["second-user", other],
    ["third-user", "Somebody else"],
  ]);
  expect([...labels(names).values()]).toEqual([`${one} #firs`, `${other} #seco`, "Somebody else"]);
});
