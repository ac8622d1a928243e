// A private topic on the page in Chromium: refused without a token, live with one.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import { bearer, SECRET, tokenOf } from "../auth/test-tokens.ts";
import { canOpenTabs, openTab, until } from "./test-tab.ts";

test.skipIf(!canOpenTabs)("a private topic is read and written with a token", async () => {
  await using server = await TestServer.start({ AUTH_SECRET: SECRET });
  const token = await tokenOf({ publish: ["team/*"], subscribe: ["team/*", "general"] });
  await server.post("earlier", bearer(token), "team/a");
  const tab = await openTab(`${server.url}/?topic=team/a`);
  const messages = `document.querySelector("#messages").textContent`;
  try {
    await until(tab, `document.querySelector("#status").textContent.includes("Send a token")`);
    expect(await tab.evaluate<string>(messages)).toBe("");
    await tab.evaluate(`document.querySelector("details").open = true`);
    await tab.click("#token");
    await tab.type(token);
    await tab.press("Enter");
    await until(tab, `${messages}.includes("earlier")`);
    await tab.click("#text");
    await tab.type("with a token");
    await tab.press("Enter");
    await until(tab, `${messages}.includes("with a token")`);
    await server.post("live", bearer(token), "team/a");
    await until(tab, `${messages}.includes("live")`);
    // Another topic, which the token does not allow to publish to.
    await tab.evaluate(`(() => {
      document.querySelector("#topic").value = "general";
      document.querySelector("#watch").requestSubmit();
    })()`);
    await until(tab, `document.querySelector("#status").dataset.state === "live"`);
    await until(tab, `${messages} === ""`);
    await tab.click("#text");
    await tab.type("refused");
    await tab.press("Enter");
    await until(
      tab,
      `document.querySelector("#post-error").textContent.includes("does not allow")`,
    );
  } finally {
    tab.close();
  }
});
