// The page belongs to a person: sign-out in another tab, expiry, rooms that were left, and failed starts.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { hasBrowser, Page } from "./page.ts";
import { FaultyProxy } from "./proxy.ts";
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

afterAll(() => Page.closeAll());

const typedIn = (page: Page) => page.evaluate<string>("document.querySelector('#text').value");

describe.skipIf(!hasBrowser)("the page", () => {
  /** For the tests that neither stop it nor expect an empty room. */
  const server = ChatServer.shared();

  test("signing out in one tab clears the others, and the next user starts with nothing", async () => {
    using eve = await Socket.open(server.url, "Eve");
    await eve.join("general");
    using one = await Page.open(server.url, "shared");
    await one.signIn("Ada");
    using two = await Page.open(server.url, "shared");
    await two.shows("[data-state=online]");
    // #region private
    const { user } = await eve.next("user-joined");
    await eve.ask({ type: "private", to: user.id, text: "Ada's PIN is 1234" });
    await two.shows("#private button");
    // #endregion
    await two.click("#text");
    await two.type("a draft of Ada's");
    await two.evaluate("void (sessionStorage.other = localStorage.other = 'of another app')");
    await one.click("#sign-out");
    for (const page of [one, two]) await page.shows("#welcome:not([hidden])");
    const keys = "[...Object.keys(sessionStorage), ...Object.keys(localStorage)]";
    expect(await two.evaluate<string[]>(keys)).toEqual(["other", "other"]);
    await one.signIn("Bob");
    await two.reload();
    await two.shows("[data-state=online]");
    await two.says("#me", "Bob");
    expect(await typedIn(two)).toBe("");
    expect(await two.evaluate<string>("document.body.innerText")).not.toContain("PIN");
  });

  test("a tab that missed the sign-out never acts for the next user", async () => {
    await using server = await ChatServer.start();
    await using proxy = await FaultyProxy.start(server.port);
    using page = await Page.open(proxy.url, "missed");
    await page.signIn("Ada");
    // Nothing listens on this port.
    proxy.port = 1;
    proxy.drop();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.write("written by Ada");
    // Tabs of different ports share their cookies, but the other tab cannot tell this one that Ada has signed out.
    using other = await Page.open(server.url, "missed");
    await other.shows("[data-state=online]");
    await other.click("#sign-out");
    await other.signIn("Bob");
    proxy.port = server.port;
    await page.reconnects();
    await page.says("#me", "Bob");
    await page.says("#members .label", "Bob");
    expect(await page.texts("#lines .text")).toEqual([]);
    using witness = await Socket.open(server.url, "Witness");
    expect((await witness.join("general")).messages).toEqual([]);
  });

  test("a sign-in form that is still open in another tab does not rename the user", async () => {
    using one = await Page.open(server.url, "form");
    using two = await Page.open(server.url, "form");
    await one.shows("#welcome:not([hidden])");
    await two.shows("#welcome:not([hidden])");
    await one.signIn("Ada Form");
    await two.signIn("Bob Form");
    await two.says("#me", "Ada Form");
    using witness = await Socket.open(server.url, "Witness");
    const { members } = await witness.join("general");
    expect(members.map(({ name }) => name).filter((name) => name.endsWith("Form"))).toEqual([
      "Ada Form",
    ]);
  });

  test("a tab that missed the sign-out does not remove what the next user has stored", async () => {
    await using proxy = await FaultyProxy.start(server.port);
    using page = await Page.open(proxy.url, "stale");
    await page.signIn("Ada");
    await page.evaluate(
      "window.Original = WebSocket, window.WebSocket = function () { return new Original('ws://127.0.0.1:1') }, true",
    );
    proxy.drop();
    await page.shows("[data-state=offline], [data-state=connecting]");
    // Another port is another origin, with the same cookies.
    using other = await Page.open(server.url, "stale");
    await other.click("#sign-out");
    await other.signIn("Bob");
    using bob = await Page.open(proxy.url, "stale");
    await bob.shows("[data-state=online]");
    await bob.join("plans");
    await page.evaluate("window.WebSocket = Original, true");
    await page.reconnects();
    await page.says("#me", "Bob");
    await page.says("#rooms .label", "plans");
    const names = "Object.keys(localStorage).filter((name) => name.startsWith('chat-'))";
    expect(await page.evaluate<string[]>(names)).toHaveLength(1);
  });

  test("when the session expires, the text that is being typed stays, also after signing in again", async () => {
    await using server = await ChatServer.start({
      SESSION_SECRET: "the first secret, long enough",
    });
    using page = await Page.signIn(server.url, "Writer");
    await page.click("#text");
    await page.type("half a sentence");
    await server.stop();
    // Another secret: every session is over.
    await using next = await ChatServer.start({
      ...{ SESSION_SECRET: "another secret, long enough", PORT: `${server.port}` },
    });
    await page.reconnects("#welcome:not([hidden])");
    expect(await typedIn(page)).toBe("half a sentence");
    // The field still has the name.
    await page.click("#name");
    await page.press("Enter");
    await page.shows("[data-state=online]");
    await page.until("document.querySelector('#text').value === 'half a sentence'");
    expect((await fetch(`${next.url}/healthz`)).ok).toBe(true);
  });

  test("when the session expires, messages that wait and drafts of all conversations stay", async () => {
    await using server = await ChatServer.start({
      SESSION_SECRET: "the first secret, long enough",
    });
    using page = await Page.signIn(server.url, "Author");
    await page.write("stored");
    await page.shows("[data-state=sent]");
    const expected = [
      "waiting",
      "also waiting",
      "a draft",
      // #region edits
      "stored, edited",
      // #endregion
    ].join("\n");
    // #region private
    using bob = await Socket.open(server.url, "Bob");
    await bob.join("general");
    await page.shows("#members button");
    await page.click("#members button");
    await page.says("#title", "Bob");
    await page.click("#text");
    await page.type("a draft for Bob");
    await page.click("#rooms button");
    await page.says("#title", "# general");
    // #endregion
    await server.stop();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.write("waiting");
    await page.write("also waiting");
    await page.type("a draft");
    // #region edits
    await page.evaluate("document.querySelector('.actions > button:nth-last-child(2)').click()");
    await page.type(", edited");
    // #endregion
    await using _ = await ChatServer.start({
      ...{ SESSION_SECRET: "another secret, long enough", PORT: `${server.port}` },
    });
    await page.reconnects("#welcome:not([hidden])");
    await page.click("#name");
    await page.press("Enter");
    await page.shows("[data-state=online]");
    await page.until(`document.querySelector('#text').value === ${JSON.stringify(expected)}`);
    // #region private
    await page.click("#private button");
    await page.until("document.querySelector('#text').value === 'a draft for Bob'");
    // #endregion
  });

  test("leaving a room drops its unsent messages, and the room stays closed after a reload", async () => {
    await using server = await ChatServer.start();
    using bob = await Socket.open(server.url, "Bob");
    await bob.join("plans");
    using page = await Page.signIn(server.url, "Leaver");
    await page.join("plans");
    await server.crash();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.write("meet at nine");
    await page.click("#leave");
    const isDropShown = "/1 of your messages/.test(document.querySelector('#banner').textContent)";
    await page.until(isDropShown);
    await server.restart();
    await page.reconnects();
    expect(await page.evaluate<boolean>(isDropShown)).toBe(true);
    await page.reload();
    await page.says("#members .label", "Leaver");
    expect(await page.texts("#rooms .label")).toEqual(["general"]);
    using witness = await Socket.open(server.url, "Witness");
    expect((await witness.join("plans")).messages).toEqual([]);
  });

  test("after the last room was left, nothing of it is shown", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Last");
    await page.write("hello");
    await page.shows("[data-state=sent]");
    await page.click("#leave");
    await page.says("#title", "No conversation");
    expect(await page.texts("#lines li, #members li")).toEqual([]);
    await page.join("general");
    await page.says("#lines .text", "hello");
  });

  test("the page works while the storage of the browser is full", async () => {
    using page = await Page.signIn(server.url, "Full");
    await page.evaluate(`void [sessionStorage, localStorage].forEach((storage) => {
      storage.clear();
      for (let size = 2 ** 22, n = 0; size >= 1; ) {
        try {
          storage.setItem("other-" + n++, "x".repeat(size));
        } catch {
          size /= 2;
        }
      }
    })`);
    await page.reload();
    await page.shows("[data-state=online]");
    await page.says("#members .label", "Full");
  });

  test("when the session expires and there is a new one of the same user, the page continues with it", async () => {
    await using proxy = await FaultyProxy.start(server.port);
    using page = await Page.signIn(proxy.url, "Renewed");
    await page.click("#text");
    await page.type("half a sentence");
    await page.evaluate(`void (window.WebSocket = function () {
      setTimeout(() => this.onclose({ code: 4002 }));
      this.close = () => {};
    })`);
    proxy.drop();
    await page.shows("[data-state=offline], [data-state=connecting]");
    await page.reconnects();
    await page.says("#members .label", "Renewed");
    expect(await typedIn(page)).toBe("half a sentence");
  });

  test("a page of another protocol version asks for a reload, after which what was typed is still there", async () => {
    await using proxy = await FaultyProxy.start(server.port);
    using page = await Page.signIn(proxy.url, "Outdated");
    await page.click("#text");
    await page.type("half a sentence");
    await page.evaluate(`void (window.WebSocket = function () {
      const data = JSON.stringify({ type: "welcome", you: {}, protocol: 0 });
      setTimeout(() => this.onmessage({ data }));
      this.close = () => {};
    })`);
    proxy.drop();
    await page.reconnects("#start:not([hidden])");
    await page.says("#start", "This page is older than the server. Reload it to continue.");
    await page.reload();
    await page.shows("[data-state=online]");
    expect(await typedIn(page)).toBe("half a sentence");
  });

  test("two tabs can have different rooms", async () => {
    using one = await Page.open(server.url, "tabs");
    await one.signIn("Tabs");
    using two = await Page.open(server.url, "tabs");
    await two.shows("[data-state=online]");
    await two.join("second");
    await one.join("first");
    for (const [page, rooms] of [
      [one, ["general", "first"]],
      [two, ["general", "second"]],
    ] as const) {
      await page.reload();
      await page.says("#members .label", "Tabs");
      expect(await page.texts("#rooms .label")).toEqual([...rooms]);
    }
  });

  test("a start without the server, and a proxy's page of HTML, are reported and recovered from", async () => {
    let isDown = true;
    using proxy = Bun.serve({
      port: 0,
      async fetch(request) {
        const { pathname } = new URL(request.url);
        const isRefused = isDown && pathname.startsWith("/api");
        if (isRefused) return new Response("<h1>502</h1>", { status: 502 });
        const { method, headers, body } = request;
        return await fetch(server.url + pathname, { method, headers, body });
      },
    });
    using page = await Page.open(`http://127.0.0.1:${proxy.port}`, "down");
    await page.until("/cannot be reached/.test(document.querySelector('#start').textContent)");
    isDown = false;
    await page.shows("#welcome:not([hidden])");
    isDown = true;
    await page.click("#name");
    await page.type("Dave");
    await page.press("Enter");
    const problem = "document.querySelector('#sign-in-problem').textContent";
    await page.until(`/cannot be reached/.test(${problem})`);
    isDown = false;
    await page.press("Enter");
    await page.shows("#chat:not([hidden])");
  });

  test("the sign-in form says that the browser did not keep the cookie", async () => {
    using proxy = Bun.serve({
      port: 0,
      async fetch({ url, method, headers, body }) {
        const path = new URL(url).pathname;
        const response = await fetch(server.url + path, { method, headers, body });
        const kept = new Headers(response.headers);
        kept.delete("set-cookie");
        kept.delete("content-encoding");
        return new Response(response.body, { status: response.status, headers: kept });
      },
    });
    using page = await Page.open(`http://127.0.0.1:${proxy.port}`, "nocookie");
    await page.shows("#welcome:not([hidden])");
    await page.click("#name");
    await page.type("Nora");
    await page.press("Enter");
    const problem = "document.querySelector('#sign-in-problem').textContent";
    await page.until(`/allow cookies/.test(${problem})`);
  });

  test("a failed sign-out shows the reason of the server", async () => {
    await using server = await ChatServer.start();
    using page = await Page.signIn(server.url, "Kept");
    using file = new Database(join(server.directory, "chat.db"));
    file.run("PRAGMA busy_timeout = 5000");
    file.run("ALTER TABLE ended_sessions RENAME TO missing");
    await page.click("#sign-out");
    await page.says(
      "#banner",
      "The sign-out failed. The store is temporarily unavailable. Try again.",
    );
  });

  test("a server that does not respond is reported", async () => {
    using proxy = Bun.serve({
      port: 0,
      idleTimeout: 0,
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        if (pathname.startsWith("/api")) return new Promise<Response>(() => undefined);
        return fetch(server.url + pathname);
      },
    });
    using page = await Page.open(`http://127.0.0.1:${proxy.port}`, "hanging");
    await page.until("/cannot be reached/.test(document.querySelector('#start').textContent)");
  });

  test("a dead connection is noticed and replaced when the page comes back online", async () => {
    await using proxy = await FaultyProxy.start(server.port);
    using page = await Page.signIn(proxy.url, "Dead");
    await page.shows("#members li");
    proxy.silence();
    await page.evaluate("void dispatchEvent(new Event('online'))");
    await page.shows("#connection:not([data-state=online])");
    await page.reconnects();
  });
  // #region private

  test("a private message on a dead connection waits, and then says that it may not have arrived", async () => {
    await using own = await ChatServer.start();
    await using proxy = await FaultyProxy.start(own.port);
    using bob = await Socket.open(own.url, "Bob");
    await bob.join("general");
    using page = await Page.signIn(proxy.url, "Whisperer");
    await page.click("#members button");
    await page.says("#title", "Bob");
    await page.write("one");
    await page.shows("#lines [data-state=sent]");
    proxy.silence();
    await page.write("two");
    await page.shows("#lines [data-state=waiting]");
    await page.reconnects("#lines [data-state=failed]");
    expect(await page.texts("#lines .text")).toEqual(["one", "two"]);
    expect((await page.texts("#lines .note"))[1]).toContain("may not have arrived");
  });
  // #endregion

  test("a tab that may not connect says why", async () => {
    await using own = await ChatServer.start({ MAX_CONNECTIONS_PER_USER: "1" });
    const one = await Page.open(own.url, "many");
    await one.signIn("Many");
    using two = await Page.open(own.url, "many");
    await two.says("#banner", "A user may have 1 connections: close one first.");
    one[Symbol.dispose]();
    await two.reconnects();
    await two.says("#banner", "");
  });

  test("a room that cannot be joined says why, and keeps nothing waiting", async () => {
    using page = await Page.signIn(server.url, "Collector");
    const open = (room: string) =>
      page.evaluate(`(() => {
        document.querySelector("#room").value = "${room}";
        document.querySelector("#open-room").requestSubmit();
      })()`);
    for (let i = 1; i < 50; i++) await open(`r${i}`);
    await page.shows("#members li");
    await open("one-too-many");
    await page.until("/leave one first/.test(document.querySelector('#empty').textContent)");
    await page.shows("#text:disabled");
  });
});
