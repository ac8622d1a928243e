// The uploads of the page in Chromium: a file that is chosen is stored, linked and described.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import { canOpenTabs, openProxy, openTab, until } from "./test-tab.ts";

test.skipIf(!canOpenTabs)("an upload is linked and described", async () => {
  await using server = await TestServer.start();
  const tab = await openTab(server.url);
  const shows = (text: string) =>
    until(tab, `document.querySelector("#files").textContent.includes(${JSON.stringify(text)})`);
  try {
    await until(tab, `document.querySelector("#status").dataset.state === "live"`);
    await tab.evaluate(`(() => {
      const files = new DataTransfer();
      files.items.add(new File(["one two\\nthree\\n"], "words.txt"));
      document.querySelector("#file").files = files.files;
      document.querySelector("#upload").requestSubmit();
    })()`);
    await shows("text/plain · 14 bytes");
    // #region jobs
    await shows("text/plain · 14 bytes · 2 lines · 3 words");
    // #endregion
    const href = await tab.evaluate<string>(
      `document.querySelector("#files a").getAttribute("href")`,
    );
    expect(await (await fetch(href)).text()).toBe("one two\nthree\n");
  } finally {
    tab.close();
  }
});

test.skipIf(!canOpenTabs).each([
  ["is not JSON", () => new Response("<p>Sign in</p>")],
  ["is an error page", () => new Response("Bad gateway", { status: 502 })],
])("an upload whose response %s is reported", async (_, respond) => {
  await using server = await TestServer.start();
  using proxy = openProxy(server, (path) => (path === "/api/uploads" ? respond() : undefined));
  const tab = await openTab(proxy.url.href);
  try {
    await tab.evaluate(`(() => {
      const files = new DataTransfer();
      files.items.add(new File(["text"], "a.txt"));
      document.querySelector("#file").files = files.files;
      document.querySelector("#upload").requestSubmit();
    })()`);
    await until(
      tab,
      `document.querySelector("#files .error")?.textContent.match(/response|responded/) != null`,
    );
  } finally {
    tab.close();
  }
});
