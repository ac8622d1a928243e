// The page in Chromium: conversations, hostile names and texts, an outage of the server, the keyboard.
import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasBrowser, Page as Tab } from "./page.ts";
import { ChatServer, until } from "./server.ts";
import { Socket } from "./socket.ts";

const server = ChatServer.shared();
afterAll(() => Tab.closeAll());

/** Opens a tab and signs in. */
const Page = {
  open: (name: string, size?: { readonly width: number; readonly height: number }) =>
    Tab.signIn(server.url, name, size),
};

const EVIL_NAME = "<script>window.hacked=1</script>";
const EVIL_TEXT = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>";

describe.skipIf(!hasBrowser)("the page", () => {
  test("two users see each other and their messages", async () => {
    using ada = await Page.open("Ada");
    using bob = await Page.open("Bob");
    await ada.says("#members .label", "Bob");
    await ada.says("#members .label", "Ada");
    // #region typing
    // Recorded, because the indicator disappears after a few seconds.
    await ada.evaluate(`(() => {
      window.typists = "";
      const typing = document.querySelector("#typing");
      new MutationObserver(() => (typists += typing.textContent)).observe(typing, { childList: true });
    })()`);
    // #endregion
    await bob.click("#text");
    await bob.type("Hello");
    // #region typing
    await ada.until("typists.includes('Bob')");
    // #endregion
    await bob.press("Enter");
    await ada.says("#lines .text", "Hello");
    await bob.says("#lines .text", "Hello");
    expect(await bob.texts("#lines .line")).toHaveLength(1);

    // #region private
    await ada.click("#members button");
    await ada.write("Only for you");
    await bob.says("#private .unread", "1");
    await bob.click("#private button");
    await bob.says("#lines .text", "Only for you");
    await bob.write("Thanks");
    await ada.says("#lines .text", "Thanks");
    await ada.click("#rooms button");
    // #endregion
    bob[Symbol.dispose]();
    await until(async () => (await ada.texts("#members li")).length === 1, "Bob has left");
  });
  // #region private

  test("a draft stays in its conversation", async () => {
    using other = await Socket.open(server.url, "Neighbour");
    await other.join("general");
    using page = await Page.open("Drafter");
    const field = () => page.evaluate<string>("document.querySelector('#text').value");
    await page.click("#members button");
    await page.says("#title", "Neighbour");
    await page.type("a secret");
    await page.click("#rooms button");
    await page.says("#title", "# general");
    expect(await field()).toBe("");
    await page.click("#private button");
    await page.says("#title", "Neighbour");
    expect(await field()).toBe("a secret");
    await page.press("Enter");
    expect(await other.next("private")).toMatchObject({ text: "a secret" });
    await page.click("#leave");
    await page.says("#title", "# general");
    expect(await field()).toBe("");
  });
  // #endregion

  test("the title of a hidden tab shows the number of unread messages", async () => {
    using other = await Socket.open(server.url, "Caller");
    await other.join("general");
    using page = await Page.open("Away");
    await page.shows("#members li");
    // A hidden tab gets no animation frames.
    await page.evaluate(
      `(() => {
        window.requestAnimationFrame = () => 0;
        Object.defineProperty(document, "hidden", { value: true });
        document.dispatchEvent(new Event("visibilitychange"));
      })()`,
    );
    await other.chat("general", "are you there?");
    await page.until('document.title === "(1) # general"');
  });

  test("history is not unread, and a new message is", async () => {
    using other = await Socket.open(server.url, "Writer");
    await other.join("news");
    await other.chat("news", "old");
    using page = await Page.open("Reader of news");
    await page.click("#room");
    await page.type("news");
    await page.press("Enter");
    await page.says("#lines .text", "old");
    await page.click("#room");
    await page.type("later");
    await page.press("Enter");
    await page.says("#title", "# later");
    await page.reload();
    await page.says("#title", "# general");
    // Joins are handled in order: after the last one, the history of the other rooms has arrived.
    await page.click("#rooms li:last-child button");
    await page.says("#title", "# later");
    await page.says("#members .label", "Reader of news");
    expect(await page.texts("#rooms .unread")).toEqual(["0", "0", "0"]);
    await other.chat("news", "new");
    await page.says("#rooms .unread", "1");
  });

  test("a new message does not scroll a user who has scrolled up, and shows a button", async () => {
    using other = await Socket.open(server.url, "Talker");
    await other.join("long");
    for (let i = 0; i < 40; i++) await other.chat("long", `line ${i}`);
    using page = await Page.open("Scroller");
    await page.click("#room");
    await page.type("long");
    await page.press("Enter");
    await page.says("#lines .text", "line 39");
    const top = () => page.evaluate<number>("document.querySelector('#scroll').scrollTop");
    await until(async () => (await top()) > 0, "the end is visible");
    await page.shows("#news[hidden]");
    await page.evaluate("document.querySelector('#scroll').scrollTop = 0");
    await other.chat("long", "news");
    await page.shows("#news:not([hidden])");
    expect(await top()).toBe(0);
    await page.click("#news");
    await page.shows("#news[hidden]");
    expect(await top()).toBeGreaterThan(0);
    // #region edits
    // The last message is another one then, but it is not new.
    await page.evaluate("document.querySelector('#scroll').scrollTop = 0");
    await other.post({ type: "delete", room: "long", target: 41 });
    await page.until("document.querySelectorAll('.line').length === 40");
    expect(await page.texts("#news[hidden]")).toHaveLength(1);
    // #endregion
  });

  test("a user who has scrolled up stays there when an own message is stored, and gets the button for news above a waiting one", async () => {
    // The second message of a user has to wait.
    await using strict = await ChatServer.start({ RATE_LIMIT: "1" });
    using talker = await Socket.open(strict.url, "Talker");
    await talker.join("general");
    await talker.chat("general", "a line\n".repeat(60));
    using other = await Socket.open(strict.url, "Bob");
    await other.join("general");
    using page = await Tab.signIn(strict.url, "Waiter");
    await page.shows(".line");
    const scrollTop = () => page.evaluate<number>("document.querySelector('#scroll').scrollTop");
    const scrollUp = () => page.evaluate("document.querySelector('#scroll').scrollTop = 0");
    await page.write("stored");
    await page.says("#lines .text", "stored");
    await scrollUp();
    await page.until("document.querySelector('.line[data-state=waiting]') === null");
    expect(await scrollTop()).toBe(0);
    expect(await page.evaluate<boolean>("document.querySelector('#news').hidden")).toBe(true);
    await page.write("waiting");
    await page.shows(".line[data-state=waiting]:last-child");
    await scrollUp();
    await other.chat("general", "news");
    await page.shows("#news:not([hidden])");
    expect(await scrollTop()).toBe(0);
  });

  test("signing out needs the server, and leaves nothing in the browser", async () => {
    using page = await Page.open("Leaver");
    await server.crash();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.write("sent later");
    await page.click("#sign-out");
    await until(
      async () => /sign-out failed.*cannot be reached/.test((await page.texts("#banner"))[0] ?? ""),
      "it says why",
    );
    await server.restart();
    await page.reconnects();
    await page.click("#sign-out");
    await page.shows("#welcome:not([hidden])");
    expect(await page.evaluate<number>("sessionStorage.length + localStorage.length")).toBe(0);
  });

  test("on a phone, the panels open, get the focus, and return it", async () => {
    using other = await Socket.open(server.url, "Pal");
    await other.join("general");
    using page = await Page.open("Phone", { width: 390, height: 700 });
    const focused = () => page.evaluate<string>("document.activeElement.id");
    for (const [opener, panel] of [
      ["menu", "sidebar"],
      ["here", "people"],
    ]) {
      await page.click(`#${opener}`);
      await until(async () => (await focused()) === panel, `${panel} has the focus`);
      await page.shows("#conversation[inert]");
      await page.press("Escape");
      expect(await focused()).toBe(opener ?? "");
      await page.shows("#conversation:not([inert])");
    }
    // #region private
    await page.click("#here");
    await page.click("#members button");
    await page.says("#title", "Pal");
    await page.shows("#chat:not([data-panel])");
    // #endregion
    const width = "document.documentElement.scrollWidth - innerWidth";
    expect(await page.evaluate<number>(width)).toBeLessThanOrEqual(0);
  });

  test("right-to-left text has its own direction, also while it is typed", async () => {
    using page = await Page.open("Bidi");
    await page.join("bidi");
    await page.write("hello!");
    await page.write("שלום (abc)!");
    await page.click("#text");
    await page.type("مرحبا!");
    await page.until("document.querySelectorAll('#lines .text').length === 2");
    const directions = `[...document.querySelectorAll("#lines .text, #text")].map(
      (shown) => getComputedStyle(shown).direction)`;
    expect(await page.evaluate<string[]>(directions)).toEqual(["ltr", "rtl", "rtl"]);
  });

  test("markup in a name or a message is text, and the page keeps its content security policy", async () => {
    using page = await Page.open("Reader");
    await page.evaluate(
      `(() => { window.violations = []; addEventListener("securitypolicyviolation", ({ blockedURI }) => violations.push(blockedURI)); })()`,
    );
    using evil = await Socket.open(server.url, EVIL_NAME);
    await evil.join("general");
    await evil.chat("general", EVIL_TEXT);
    await page.says("#lines .text", EVIL_TEXT);
    await page.says("#lines .name", EVIL_NAME);
    await page.says("#members .label", EVIL_NAME);
    // #region private
    const { id } = (await evil.join("general")).members.find(({ name }) => name === "Reader") ?? {};
    await evil.ask({ type: "private", to: id ?? "", text: EVIL_TEXT });
    await page.says("#private .label", EVIL_NAME);
    // #endregion
    expect(await page.evaluate<number | undefined>("window.hacked")).toBeUndefined();
    expect(await page.evaluate<string[]>("window.violations")).toEqual([]);
    expect(await page.texts("#chat script, #chat img")).toEqual([]);
  });

  test("a message that is written while the server is down is sent once afterwards", async () => {
    using page = await Page.open("Patient");
    await page.write("before");
    await page.says("#lines .text", "before");
    await server.crash();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.write("while it was away");
    await page.shows(".line[data-state=waiting] .note:not(:empty)");
    await server.restart();
    await page.reconnects();
    await page.shows(".line[data-state=sent] + .line[data-state=sent]");
    await until(
      async () => (await page.texts("[data-state=waiting]")).length === 0,
      "the message is sent",
    );
    using other = await Socket.open(server.url, "Other");
    const { messages } = await other.join("general");
    const sent = messages.filter(({ from }) => from.name === "Patient");
    expect(sent.map(({ text }) => text)).toEqual(["before", "while it was away"]);
    await other.chat("general", "after");
    await page.says("#lines .text", "after");
    expect(await page.texts(".line.mark")).toEqual([]);
  });

  test("everything can be done with the keyboard", async () => {
    using page = await Page.open("Keys");
    await page.says("#title", "# general");
    await page.click("#room");
    await page.type("second");
    await page.press("Enter");
    await page.says("#title", "# second");
    await page.press("ArrowUp", "Alt");
    await page.says("#title", "# general");
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("text");
    await page.type("one");
    await page.press("Enter", "Shift");
    await page.type("two");
    await page.press("Enter");
    await page.says("#lines .text", "one\ntwo");

    const reached = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await page.press("Tab");
      reached.add(
        await page.evaluate<string>(
          "document.activeElement.id || document.activeElement.textContent",
        ),
      );
    }
    for (const id of ["sign-out", "room", "leave", "scroll", "text"]) expect(reached).toContain(id);
  });

  test("the page has landmarks, labels and live regions for a screen reader", async () => {
    using page = await Page.open("Listener");
    await page.says("#members .label", "Listener");
    const nameless = `[...document.querySelectorAll("button, input, textarea")].filter((field) =>
      field.checkVisibility() && !field.labels?.length && !field.ariaLabel && !field.textContent.trim())
      .map((field) => field.outerHTML)`;
    expect(await page.evaluate<string[]>(nameless)).toEqual([]);
    for (const landmark of ["nav[aria-label]", "main", "aside", "[role=log]", "[role=status]"]) {
      await page.shows(landmark);
    }
    await page.shows("#rooms button[aria-current=page]");
  });
});

test("in development, each visit builds the page, and the log says why one does not build", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chat-page-"));
  const root = join(import.meta.dir, "..");
  for (const name of ["src", "package.json", "tsconfig.json"]) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await using own = await ChatServer.start({}, undefined, [], join(folder, "src/main.ts"));
  const styles = async () => {
    const html = await (await fetch(own.url)).text();
    const [, path = ""] = /href="(\/[^"]+\.css)"/.exec(html) ?? [];
    return await (await fetch(own.url + path)).text();
  };
  const script = join(folder, "src/features/page/main.ts");
  const correct = await Bun.file(script).text();
  await Bun.write(script, "const x = ;");
  expect((await fetch(own.url)).status).toBe(500);
  await until(() => own.output.includes("page/main.ts:1:11"), "the log names file and line");
  await Bun.write(script, correct);
  expect(await styles()).not.toContain("rebeccapurple");
  const file = join(folder, "src/features/page/style.css");
  await Bun.write(file, `${await Bun.file(file).text()}\nbody { color: rebeccapurple }`);
  await until(async () => /rebeccapurple|#639/.test(await styles()), "the page has the new style");
  // The last page that could be built stays.
  await Bun.write(script, "const x = ;");
  expect(await styles()).toMatch(/rebeccapurple|#639/);
  expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${own.url}/nothing`)).status).toBe(404);
  await rm(folder, { recursive: true, force: true });
});
