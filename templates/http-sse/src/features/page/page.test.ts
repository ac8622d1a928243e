// The page in Chromium: two tabs receive each other's messages, and resume after the server is killed.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import type { TextMessage } from "../messages/routes.ts";
import { canOpenTabs, openProxy, openTab, until } from "./test-tab.ts";

const messages = (tab: Bun.WebView) =>
  tab.evaluate<string[]>(`[...document.querySelectorAll("#messages p")].map((p) => p.textContent)`);

const isLive = `document.querySelector("#status").dataset.state === "live"`;
const shows = (text: string) =>
  `document.querySelector("#messages").textContent.includes(${JSON.stringify(text)})`;

async function post(tab: Bun.WebView, text: string): Promise<void> {
  await tab.click("#text");
  await tab.type(text);
  await tab.press("Enter");
}

test("its headers restrict the page to its own files", async () => {
  await using server = await TestServer.start();
  const { headers } = await server.fetch("/");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(headers.get("content-security-policy")).not.toContain("unsafe");
});

test.skipIf(!canOpenTabs)("two tabs, a killed server, markup in a message", async () => {
  await using server = await TestServer.start();
  await server.post("before the tabs");
  const [one, two] = [await openTab(server.url), await openTab(server.url)];
  try {
    await Promise.all([until(one, isLive), until(two, isLive)]);
    await post(one, "from one");
    await until(two, shows("from one"));
    await post(two, "<img src=x onerror=alert(1)>");
    await until(one, shows("<img"));
    expect(await one.evaluate(`document.querySelectorAll("#messages img").length`)).toBe(0);
    expect(await one.evaluate(`document.querySelector("#text").value`)).toBe("");

    await server.stop("SIGKILL");
    await Promise.all([until(one, `!(${isLive})`), until(two, `!(${isLive})`)]);
    await server.restart();
    await server.post("after the restart");
    await Promise.all([until(one, isLive), until(two, isLive)]);
    await post(one, "the end");
    const expected = [
      "before the tabs",
      "from one",
      "<img src=x onerror=alert(1)>",
      "after the restart",
      "the end",
    ];
    for (const tab of [one, two]) {
      await until(tab, shows("the end"));
      expect(await messages(tab)).toEqual(expected);
    }
  } finally {
    one.close();
    two.close();
  }
});

test.skipIf(!canOpenTabs)(
  "a page whose first requests for the newest messages fail starts again",
  async () => {
    await using server = await TestServer.start();
    await server.post("before the tab");
    let failures = 0;
    using proxy = openProxy(server, (path) => {
      if (path !== "/api/messages" || failures === 3) return undefined;
      failures += 1;
      return new Response("The proxy failed.", { status: 502 });
    });
    const tab = await openTab(proxy.url.href);
    try {
      await until(tab, `${isLive} && ${shows("before the tab")}`);
      expect(failures).toBe(3);
      await server.post("after the failures");
      await until(tab, shows("after the failures"));
      expect(await messages(tab)).toEqual(["before the tab", "after the failures"]);
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)(
  "a page whose stream and newest messages fail at the same time opens one new stream",
  async () => {
    await using server = await TestServer.start();
    await server.post("before the tab");
    const refused = Promise.withResolvers<void>();
    let streams = 0;
    let loads = 0;
    using proxy = openProxy(server, (path) => {
      if (path === "/api/events") {
        streams += 1;
        // The first stream ends, and the attempt to reconnect is refused.
        const headers = { "content-type": "text/event-stream" };
        if (streams === 1) return new Response("retry: 10\n\n", { headers });
        if (streams > 2) return undefined;
        // Later, so that the page knows of the refusal before its request for the newest messages fails.
        setTimeout(refused.resolve, 300);
        return new Response("Not now.", { status: 503 });
      }
      if (path !== "/api/messages" || loads === 3) return undefined;
      loads += 1;
      return refused.promise.then(() => new Response("The proxy failed.", { status: 502 }));
    });
    const tab = await openTab(proxy.url.href);
    try {
      await until(tab, `${isLive} && ${shows("before the tab")}`);
      // Longer than the time between two retries.
      await Bun.sleep(2500);
      expect({ loads, streams }).toEqual({ loads: 3, streams: 3 });
      await server.post("after the failures");
      await until(tab, shows("after the failures"));
      expect(await messages(tab)).toEqual(["before the tab", "after the failures"]);
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs).each([[[]], [["earlier"]]])(
  "a page of the quiet topic %j shows what was posted while its stream was refused",
  async (earlier) => {
    await using server = await TestServer.start();
    for (const text of earlier) await server.post(text);
    let isRefusing = false;
    let refused = 0;
    using proxy = openProxy(server, (path) => {
      if (path !== "/api/events" || !isRefusing) return undefined;
      refused += 1;
      return new Response("Not now.", { status: 503 });
    });
    const tab = await openTab(proxy.url.href);
    try {
      await until(tab, isLive);
      for (const text of earlier) await until(tab, shows(text));
      isRefusing = true;
      await server.stop();
      await server.restart();
      // The second refusal is of a new EventSource, which has not received an id.
      while (refused < 2) await Bun.sleep(10);
      await server.post("missed");
      isRefusing = false;
      await until(tab, shows("missed"));
      expect(await messages(tab)).toEqual([...earlier, "missed"]);
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)(
  "topics: a prefix shows everything below it; deleted messages disappear",
  async () => {
    await using server = await TestServer.start();
    await server.post("old news", {}, "news/a");
    const wrong = await server.post("wrong", {}, "news/a");
    await server.post("elsewhere", {}, "other");
    const tab = await openTab(`${server.url}/?topic=${encodeURIComponent("news/*")}`);
    try {
      await until(tab, shows("wrong"));
      expect(await messages(tab)).toEqual(["old news", "wrong"]);
      await server.fetch(`/api/messages/${wrong.id}`, { method: "DELETE" });
      await until(tab, `!(${shows("wrong")})`);
      await server.post("fresh news", {}, "news/b/c");
      await until(tab, shows("fresh news"));
      await tab.evaluate(`document.querySelector("#messages button").click()`);
      await until(tab, `!(${shows("old news")})`);
      // By keyboard: the topic field, then the message field.
      await tab.evaluate(`document.querySelector("#topic").select()`);
      await tab.type("empty");
      await tab.press("Enter");
      await until(tab, `document.querySelector("#messages").children.length === 0`);
      await until(tab, isLive);
      await post(tab, "first of its topic");
      await until(tab, shows("first of its topic"));
      expect(await tab.evaluate(`location.search`)).toBe("?topic=empty");
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)(
  "on a phone nothing is wider than the screen, in both colour schemes",
  async () => {
    await using server = await TestServer.start();
    await server.post("x".repeat(500));
    const tab = await openTab(server.url, { width: 360, height: 740 });
    try {
      await until(tab, isLive);
      await until(tab, shows("xxx"));
      expect(await tab.evaluate(`document.documentElement.scrollWidth`)).toBeLessThanOrEqual(360);
      expect(await tab.evaluate(`getComputedStyle(document.documentElement).colorScheme`)).toBe(
        "light dark",
      );
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)(
  "a text whose response was lost is stored once per topic, and again after it was deleted",
  async () => {
    await using server = await TestServer.start();
    const tab = await openTab(`${server.url}/?topic=a`);
    const failed = `document.querySelector("#post-error").textContent !== ""`;
    const all = async () => {
      const response = await server.fetch("/api/messages");
      return ((await response.json()) as { items: TextMessage[] }).items;
    };
    try {
      await until(tab, isLive);
      // The response to the next POST is lost.
      await tab.evaluate(`(() => {
        const send = window.fetch;
        window.loseNext = () => {
          window.fetch = async (...request) => {
            window.fetch = send;
            await send(...request);
            throw new TypeError("lost");
          };
        };
        window.loseNext();
      })()`);
      await post(tab, "hello");
      await until(tab, failed);
      await tab.evaluate(`(() => {
        document.querySelector("#topic").value = "b";
        document.querySelector("#watch").requestSubmit();
      })()`);
      await until(tab, isLive);
      await tab.click("#text");
      await tab.press("Enter");
      await until(tab, shows("hello"));
      expect((await all()).map(({ topic }) => topic)).toEqual(["a", "b"]);

      await tab.evaluate(`window.loseNext()`);
      await post(tab, "deleted");
      await until(tab, failed);
      await server.fetch(`/api/messages/${(await all())[2]?.id}`, { method: "DELETE" });
      await tab.press("Enter");
      await until(tab, `document.querySelector("#post-error").textContent.includes("was deleted")`);
      await tab.press("Enter");
      await until(tab, shows("deleted"));
      expect((await all()).map(({ text }) => text)).toEqual(["hello", "hello", "deleted"]);
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)(
  "each text that was sent is stored once, although the response to an earlier one arrives later",
  async () => {
    await using server = await TestServer.start();
    const tab = await openTab(server.url);
    const failed = `document.querySelector("#post-error").textContent !== ""`;
    try {
      await until(tab, isLive);
      // The response to the first POST arrives when it is released, and the one to the second is lost.
      await tab.evaluate(`(() => {
        const send = window.fetch;
        const { promise, resolve } = Promise.withResolvers();
        window.release = resolve;
        window.sent = 0;
        window.fetch = async (...request) => {
          const attempt = ++window.sent;
          const response = await send(...request);
          if (attempt === 1) await promise;
          if (attempt === 2) throw new TypeError("lost");
          return response;
        };
      })()`);
      await post(tab, "first");
      await until(tab, shows("first"));
      await tab.evaluate(`document.querySelector("#text").value = ""`);
      await post(tab, "second");
      await until(tab, failed);
      await tab.evaluate(`(() => {
        document.querySelector("#post-error").textContent = "";
        window.release();
      })()`);
      await tab.press("Enter");
      await until(tab, `document.querySelector("#text").value === ""`);
      await post(tab, "third");
      await until(tab, shows("third"));
      expect(await messages(tab)).toEqual(["first", "second", "third"]);
    } finally {
      tab.close();
    }
  },
);
