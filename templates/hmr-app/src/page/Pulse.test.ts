// The page with /api/live in a real browser: it reconnects, and shows the latest state and failures.
import { afterAll, beforeAll, expect } from "bun:test";
import { browserTest, counter, Tab } from "../../test/browser.ts";
import { Copy } from "../../test/copy.ts";
import { startDev, startProduction, startService, until } from "../../test/service.ts";

/** Without the process of `bun run`, so that signals reach the server. */
const COMMAND = [process.execPath, "src/main.ts"];
let copy: Copy;

beforeAll(async () => {
  copy = await Copy.make({ app: "own" });
  await copy.build();
});

afterAll(() => copy?.[Symbol.asyncDispose]());

browserTest(
  "an edit of the WebSocket's code, or of what it imports, leaves one connection",
  async () => {
    await using own = await Copy.make({ app: "own" });
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    await tab.shows("Live");
    const edits = [
      [
        "src/page/live.ts",
        "socket = new WebSocket",
        "console.log('edit 1'); socket = new WebSocket",
      ],
      ["src/page/api.ts", "export const { api }", "console.log('edit 2');\nexport const { api }"],
    ] as const;
    for (const [index, [file, search, replacement]] of edits.entries()) {
      await own.edit(file, search, replacement);
      await until("it is evaluated", () => service.printed().includes(`edit ${index + 1}`));
      const state = async () => (await fetch(`${service.url}/api/state`)).json();
      const { beats } = await state();
      await until("a new connection would be open", async () => (await state()).beats > beats + 1);
      const { clients } = await state();
      expect(clients).toBe(1);
    }
  },
);

browserTest("a server that does not respond is noticed, and so is its recovery", async () => {
  await using service = await startService(COMMAND, copy.folder, { NODE_ENV: "production" });
  await using tab = await Tab.open(service.url);
  await tab.shows("Live");
  service.child.kill("SIGSTOP");
  try {
    await tab.click("#server-counter");
    await tab.shows("Waiting");
    await tab.shows("The server did not respond: try again.");
  } finally {
    service.child.kill("SIGCONT");
  }
  await tab.shows("Live");
  await tab.waitFor('document.querySelector(".failure") === null');
});

browserTest("a first request that fails is forgotten once the WebSocket is open", async () => {
  await using service = await startProduction(copy.folder);
  await using tab = await Tab.open(`${service.url}/healthz`);
  const fail = { source: "window.fetch = async () => new Response(null, { status: 503 })" };
  await tab.view.cdp("Page.enable");
  await tab.view.cdp("Page.addScriptToEvaluateOnNewDocument", fail);
  await tab.view.navigate(service.url);
  await tab.shows("Live");
  await tab.waitFor(`${counter("server-counter")} === "0"`);
  await tab.waitFor('document.querySelector(".failure") === null');
});

browserTest("state that arrives does not hide why a request failed", async () => {
  await using service = await startProduction(copy.folder);
  await using tab = await Tab.open(service.url);
  await tab.shows("Live");
  await tab.evaluate("window.fetch = async () => new Response(null, { status: 503 })");
  await tab.click("#server-counter");
  await tab.shows("The server responded with 503.");
  await fetch(`${service.url}/api/increment`, { method: "POST" });
  await tab.waitFor(`${counter("server-counter")} === "1"`);
  await tab.shows("The server responded with 503.");
});

browserTest.each([
  ["the first request", ""],
  ["an increment", 'document.querySelector("#server-counter").click()'],
])("a late response to %s does not replace newer state", async (_, action) => {
  await using service = await startProduction(copy.folder);
  await using tab = await Tab.open(`${service.url}/healthz`);
  const delay = `(() => {
    const { fetch } = window;
    window.responses = [];
    window.shown = new Set();
    window.fetch = async (...request) => {
      const response = await fetch(...request);
      await new Promise((respond) => responses.push(respond));
      return response;
    };
  })()`;
  await tab.view.cdp("Page.enable");
  await tab.view.cdp("Page.addScriptToEvaluateOnNewDocument", { source: delay });
  await tab.view.navigate(service.url);
  await tab.shows("Live");
  await tab.evaluate(`void ${action || 0}`);
  await tab.waitFor(`responses.length === ${action ? 2 : 1}`);
  for (let count = 0; count < 3; count += 1) {
    await fetch(`${service.url}/api/increment`, { method: "POST" });
  }
  const latest = action ? "4" : "3";
  await tab.waitFor(`${counter("server-counter")} === "${latest}"`);
  await tab.evaluate(`new MutationObserver(() => shown.add(${counter("server-counter")}))
    .observe(document.body, { subtree: true, childList: true, characterData: true })`);
  await tab.evaluate("responses.at(-1)()");
  await tab.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
  expect(await tab.evaluate("[...shown].join()")).toBe("");
  expect(await tab.evaluate(counter("server-counter"))).toBe(latest);
});
