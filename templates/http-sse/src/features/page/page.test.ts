// The page in Chromium: two tabs receive each other's messages, and resume after the server is killed.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import { canOpenTabs, openTab, until } from "./test-tab.ts";

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
