// Input on the page: signing in, text that cannot be sent, and the buttons of messages, with mouse and keyboard.
import { afterAll, describe, expect, test } from "bun:test";
// #region edits
import { rm } from "node:fs/promises";
// #endregion
import { join } from "node:path";
import { hasBrowser, Page } from "./page.ts";
// #region edits
import { FaultyProxy } from "./proxy.ts";
// #endregion
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

afterAll(() => Page.closeAll());

const typedIn = (page: Page) => page.evaluate<string>("document.querySelector('#text').value");

describe.skipIf(!hasBrowser)("the page", () => {
  test("signing in twice at the same time creates one user", async () => {
    await using server = await ChatServer.start();
    using page = await Page.open(server.url, "twice");
    await page.shows("#welcome:not([hidden])");
    await page.evaluate("document.querySelector('#name').value = 'Ada'");
    await page.evaluate(
      "[1, 2, 3].forEach(() => document.querySelector('#sign-in').requestSubmit())",
    );
    await page.shows("[data-state=online]");
    const requests =
      "performance.getEntriesByType('resource').filter(({ name }) => /session$/.test(name)).length";
    // Who is signed in, at the start and again before and after the sign-in, and the sign-in.
    expect(await page.evaluate<number>(requests)).toBe(4);
  });

  test("a text that is too long is kept and reported, and not sent", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Long");
    using other = await Socket.open(server.url, "Other");
    await other.join("general");
    await page.evaluate("void (document.querySelector('#text').value = 'x'.repeat(4001))");
    await page.click("#text");
    await page.press("Enter");
    await page.until("/too long/.test(document.querySelector('#banner').textContent)");
    expect(await typedIn(page)).toHaveLength(4001);
    await other.settled();
    expect(other.all("chat")).toEqual([]);
  });

  // 229 is the code of a key that the input method handles. Chrome also sets `isComposing`, and Safari does not.
  test.each(["isComposing: true", "keyCode: 229"])(
    "a key of an input method (%s) sends nothing and ends no edit",
    async (init) => {
      await using server = await ChatServer.start();
      using page = await Page.signIn(server.url, "Composer");
      const press = (key: string, options: string) =>
        page.evaluate(`void document.querySelector("#text").dispatchEvent(
          new KeyboardEvent("keydown", { key: "${key}", bubbles: true, ${options} }))`);
      await page.click("#text");
      await page.type("にほん");
      await press("Enter", init);
      expect(await typedIn(page)).toBe("にほん");
      await press("Enter", "isComposing: false");
      await page.shows("#lines [data-state=sent]");
      // #region edits
      await page.press("ArrowUp");
      await page.shows("#editing:not([hidden])");
      await press("Escape", init);
      await page.shows("#editing:not([hidden])");
      // #endregion
      expect(await page.texts("#lines .text")).toEqual(["にほん"]);
    },
  );

  test("a conversation that is opened gets the focus, also after one in which nothing can be written", async () => {
    const guarded = ["--preload", join(import.meta.dir, "guarded-rooms.ts")];
    await using server = await ChatServer.start({}, undefined, guarded);
    using page = await Page.signIn(server.url, "Focus");
    const focused = () => page.evaluate<string>("document.activeElement.id");
    await page.click("#leave");
    await page.shows("#text:disabled");
    await page.join("lounge");
    expect(await focused()).toBe("text");
    await page.click("#room");
    await page.type("ada-only");
    await page.press("Enter");
    await page.shows("#text:disabled");
    await page.click("#rooms button");
    await page.says("#title", "# lounge");
    expect(await focused()).toBe("text");
  });
  // #region edits

  test("one's own message is edited and deleted with the mouse and with the keyboard", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Editor");
    using other = await Socket.open(server.url, "Other");
    await other.join("general");
    await page.write("see https://bun.com/docs.");
    await page.shows("[data-state=sent] .text a[href='https://bun.com/docs']");
    await page.press("ArrowUp");
    await page.shows("#editing:not([hidden])");
    await page.press("End");
    await page.type("!");
    await page.press("Enter");
    expect(await other.next("edit")).toMatchObject({
      target: 1,
      text: "see https://bun.com/docs.!",
    });
    await page.shows(".line.edited");
    expect(await typedIn(page)).toBe("");
    await page.click(".actions > button:last-child");
    await page.click(".actions button.danger");
    expect(await other.next("delete")).toMatchObject({ target: 1 });
    await page.until("document.querySelectorAll('.line').length === 0");
  });
  // #endregion
  // #region edits

  test("after a message was deleted with the keyboard, the focus stays in the messages", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Keys");
    for (const text of ["one", "two"]) await page.write(text);
    await page.until("document.querySelectorAll('[data-state=sent]').length === 2");
    await page.evaluate("document.querySelector('.line .actions > button:last-child').focus()");
    await page.press("Enter");
    await page.shows(".actions button.danger");
    await page.press("Enter");
    await page.until("document.querySelectorAll('.line').length === 1");
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("scroll");
  });
  // #endregion
  // #region edits

  test("the text of an edit is kept if the message was deleted in the meantime", async () => {
    await using server = await ChatServer.start();
    using page = await Page.open(server.url, "editor");
    await page.signIn("Editor");
    using tab = await Page.open(server.url, "editor");
    await page.write("first");
    await page.write("second");
    await tab.says("#lines .text", "second");
    await page.shows(".line:last-child[data-state=sent]");
    const deleteLast = async () => {
      await tab.click(".line:last-child .actions > button:last-child");
      await tab.click(".line:last-child .actions button.danger");
    };
    await page.press("ArrowUp");
    await page.press("End");
    await page.type(", edited");
    await deleteLast();
    await page.until("document.querySelectorAll('.line').length === 1");
    await page.press("Enter");
    await page.until("/no such message/.test(document.querySelector('#banner').textContent)");
    expect(await typedIn(page)).toBe("second, edited");
    // Also if something else was being typed.
    await page.click(".line:last-child .actions > button:nth-last-child(2)");
    await page.press("End");
    await page.type(", edited");
    await deleteLast();
    await page.until("document.querySelectorAll('.line').length === 0");
    await page.press("Enter");
    await page.until("document.querySelector('#text').value === 'first, edited\\nsecond, edited'");
  });
  // #endregion
  // #region edits

  test("an edit that was started before data loss does not change another message", async () => {
    await using server = await ChatServer.start();
    using page = await Page.open(server.url, "loser");
    await page.signIn("Loser");
    await page.write("lost");
    await page.shows(".line[data-state=sent]");
    await page.press("ArrowUp");
    await page.press("End");
    await page.type(", edited");
    await server.stop();
    await rm(join(server.directory, "chat.db"));
    await server.restart();
    await page.reconnects();
    await page.until("document.querySelectorAll('.line .text').length === 0");
    // The next message of the same author gets the same offset.
    using tab = await Page.open(server.url, "loser");
    await tab.shows("[data-state=online]");
    await tab.write("another");
    await page.says(".line .text", "another");
    await page.click("#text");
    await page.press("Enter");
    await page.until("/no such message/.test(document.querySelector('#banner').textContent)");
    expect(await typedIn(page)).toBe("lost, edited");
    expect(await page.texts(".line .text")).toEqual(["another"]);
  });
  // #endregion
  // #region edits

  test("a text that is being edited becomes part of the draft when another message or conversation is shown", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Switcher");
    for (const text of ["one", "two"]) await page.write(text);
    await page.until("document.querySelectorAll('[data-state=sent]').length === 2");
    await page.type("a draft");
    const edit = (line: number) =>
      page.evaluate(
        `document.querySelectorAll(".line .actions > button:nth-last-child(2)")[${line}].click()`,
      );
    await edit(0);
    await page.type(", edited");
    await edit(1);
    expect(await typedIn(page)).toBe("two");
    await page.join("elsewhere");
    expect(await typedIn(page)).toBe("");
    await page.click("#rooms button");
    await page.says("#title", "# general");
    expect(await typedIn(page)).toBe("a draft\none, edited");
  });

  test("a change that waits for the connection is noted at its message, and a second deletion does no harm", async () => {
    await using own = await ChatServer.start();
    await using proxy = await FaultyProxy.start(own.port);
    using page = await Page.signIn(proxy.url, "Changer");
    for (const text of ["one", "two"]) await page.write(text);
    await page.until("document.querySelectorAll('[data-state=sent]').length === 2");
    const deleteLast = `(() => {
      const button = document.querySelector(".line:last-child .actions > button:last-child");
      for (let click = 0; click < 2; click++) button.click();
    })()`;
    proxy.port = 1;
    proxy.drop();
    await page.shows("[data-state=offline]");
    for (let time = 0; time < 2; time++) await page.evaluate(deleteLast);
    await page.says("#lines .note", "Waiting for the connection");
    expect(await page.texts("#lines .note")).toEqual(["", "Waiting for the connection"]);
    proxy.port = own.port;
    await page.reconnects();
    await page.says("#banner", "");
    // Sent after both deletions.
    await page.write("three");
    await page.says(".line:last-child[data-state=sent] .text", "three");
    expect(await page.texts("#lines .text")).toEqual(["one", "three"]);
    expect(await page.texts("#banner")).toEqual([""]);
  });
  // #endregion
  // #region reactions

  test("a reaction in a room that the server refuses now is reported, and does not wait", async () => {
    await using own = await ChatServer.start();
    using page = await Page.signIn(own.url, "Outsider");
    await page.join("ada-only");
    await page.write("hello");
    await page.shows("#lines [data-state=sent]");
    await own.stop();
    const guard = ["--preload", join(import.meta.dir, "guarded-rooms.ts")];
    await using _ = await ChatServer.start({ PORT: `${own.port}` }, own.directory, guard);
    await page.reconnects("#text:disabled");
    await page.evaluate("document.querySelector('.picker button').click()");
    await page.says("#banner", "You may not join ada-only.");
    const key = "Object.keys(sessionStorage).find((key) => key.includes('outbox'))";
    expect(await page.evaluate<string>(`sessionStorage[${key}]`)).toBe("[]");
  });

  test("reactions are added and removed, and other members see them", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Reactor");
    using other = await Socket.open(server.url, "Other");
    await other.join("general");
    await other.chat("general", "react to this");
    await page.says("#lines .text", "react to this");
    await page.click(".actions [aria-label=React]");
    await page.click(".picker button");
    expect(await other.next("react")).toMatchObject({ target: 1, emoji: "👍", on: true });
    await page.shows(".chip[aria-pressed=true]");
    await other.ask({
      ...{ type: "react", room: "general", target: 1, emoji: "👍", on: true, key: "r" },
    });
    await page.says(".chip", "👍 2");
    await page.click(".chip");
    await page.says(".chip", "👍 1");
    await other.next("react", ({ on }) => !on);
  });

  test("only the buttons of one message are tab stops, also after a reaction to an older one", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Keys");
    using other = await Socket.open(server.url, "Other");
    await other.join("general");
    for (const text of ["older", "newest"]) await other.chat("general", text);
    await page.says("#lines .text", "newest");
    const react = { type: "react", room: "general", target: 1, emoji: "👍", on: true };
    await other.ask({ ...react, key: "r" });
    await page.shows(".chip");
    const stops = (line: string) =>
      `[...document.querySelectorAll(".line:${line}-child :is(.actions button, .chip)")].every(({ tabIndex }) => tabIndex === 0)`;
    const chip = "document.querySelector('.chip').tabIndex";
    expect(await page.evaluate<number>(chip)).toBe(-1);
    expect(await page.evaluate<boolean>(stops("last"))).toBe(true);
    // The arrow keys reach the older message, and then Tab its reaction.
    await page.evaluate("document.querySelector('.line:last-child .actions button').focus()");
    await page.press("ArrowUp");
    await page.until(stops("first"));
    expect(await page.evaluate<boolean>(stops("last"))).toBe(false);
    await other.ask({ ...react, emoji: "🎉", key: "r2" });
    await page.says(".chip", "🎉 1");
    expect(await page.evaluate<boolean>(stops("first"))).toBe(true);
  });
  // #endregion
});
