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
    const unsent = { type: "chat", room: "a", text: "mine", key: "k1", postedAt: 0 } as const;
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

test("the name in an event does not replace the newer name of a member, or one's own", () => {
  const { model, room } = open();
  model.joined("a", { ...empty, members: [me, bob], recovered: false }, true);
  // While the page was offline, both users have posted and then taken new names.
  const robert = { ...bob, name: "Robert" };
  const renamed = { ...me, name: "I" };
  model.receive({ type: "welcome", you: renamed, protocol: 1 });
  const messages = [chat(1, "hi"), chat(2, "hello", me)];
  const members = [renamed, robert];
  model.joined("a", { ...empty, offset: 2, recovered: true, members, messages }, false);
  expect(model.labelOf(bob)).toBe("Robert");
  expect(room.members.get(bob.id)).toEqual(robert);
  expect(model.me).toEqual(renamed);
  // An event that was sent before the rename, and delivered after it.
  model.receive({ type: "user-joined", room: "a", user: { ...bob, name: "Rob" } });
  model.receive(chat(3, "late", robert));
  expect(model.labelOf(bob)).toBe("Rob");
});

test("an author who has left has the name of the newest message", () => {
  const { model } = open();
  const messages = [message(1, "old"), { ...message(2, "new"), from: { ...bob, name: "Robert" } }];
  model.joined("a", { ...empty, offset: 2, recovered: false, messages }, true);
  expect(model.labelOf(bob)).toBe("Robert");
  const missed = [chat(3, "newer", { ...bob, name: "Rob" })];
  model.joined("a", { ...empty, offset: 3, recovered: true, messages: missed }, false);
  expect(model.labelOf(bob)).toBe("Rob");
});

test("a new epoch of a room that was empty is a gap only if the first message is missing", () => {
  for (const [offset, expected] of [
    [1, ["hello"]],
    [2, ["", "hello"]],
  ] as const) {
    const { model, texts, room } = open();
    model.joined("a", { ...empty, recovered: false }, true);
    const messages = [message(offset, "hello")];
    model.joined("a", { ...empty, epoch: "f", offset, recovered: false, messages }, false);
    expect(texts()).toEqual([...expected]);
    expect(room.unread).toBe(1);
  }
});
// #region private

test("the next conversation is the one below in the list: rooms come first", () => {
  const { model } = open();
  model.open("user", bob.id, bob.name);
  model.open("room", "last");
  const order = Array.from({ length: 4 }, () => {
    model.show(model.neighbour(1));
    return model.current?.id;
  });
  expect(order).toEqual(["last", bob.id, "a", "elsewhere"]);
  model.show(model.neighbour(-1));
  expect(model.current?.id).toBe("a");
});
// #endregion

test("a user who is renamed is renamed everywhere", () => {
  const { model, room } = open();
  const history = { ...empty, members: [me, bob], messages: [message(1, "hello")] } as const;
  model.joined("a", { ...history, offset: 1, recovered: false }, true);
  // #region private
  model.showPrivate(bob, { from: bob, text: "psst", at });
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

test("users who are no longer shown are forgotten, and the others keep their tags", () => {
  const { model } = open();
  model.joined("a", { ...empty, members: [me, bob], recovered: false }, true);
  const namesake = { id: "carl-id", name: "Bob" };
  model.receive({ type: "user-joined", room: "a", user: namesake });
  expect(model.labelOf(bob)).toBe("Bob #bob-");
  model.receive({ type: "user-left", room: "a", user: namesake });
  model.receive({ type: "user-joined", room: "a", user: { id: "eve-id", name: "Eve" } });
  expect(model.labelOf(bob)).toBe("Bob");
  // An author stays known while a message is shown.
  model.receive(chat(1, "hello", namesake));
  model.receive({ type: "user-joined", room: "a", user: { id: "dan-id", name: "Dan" } });
  expect(model.labelOf(bob)).toBe("Bob #bob-");
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

test("the tags of one name differ, also if the ids start with the same characters", () => {
  const ids = ["user-1", "user-2", "user-12"];
  const names = new Map(ids.map((id) => [id, "Ada"]));
  const all = [...labels(names).values()];
  expect(new Set(all).size).toBe(3);
  for (const label of all) expect(label).toStartWith("Ada #user-");
});

test("a name that looks like another one with a tag gets a tag of its own", () => {
  const names = new Map([
    ["k3x9aaaa", "Ada"],
    ["z222bbbb", "Ada"],
    ["evil", "Ada #k3x9"],
    ["evil too", "Ada＃k3x9 #evil"],
    ["plain", "#Ada"],
  ]);
  const all = [...labels(names).values()];
  expect(new Set(all.map(skeleton)).size).toBe(5);
  expect(all.at(-1)).toBe("#Ada");
});
