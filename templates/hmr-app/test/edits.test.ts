// The state of the page and of the server, timers and connections survive an edit.
import { afterAll, beforeAll, expect } from "bun:test";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, type State, startDev, until } from "./service.ts";

const APP = "src/page/App.tsx";
const TEXT = "Before any edit.";
let copy: Copy;
let dev: Service;
let tab: Tab;
let app: string;

beforeAll(async () => {
  copy = await Copy.make();
  app = await copy.read(APP);
  dev = await startDev(copy.folder);
});

afterAll(async () => {
  await tab?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

const state = async () => (await (await fetch(`${dev.url}/api/state`)).json()) as State;

/** The first test sets `window.mark`; a reload would lose it. */
async function expectNoReload(): Promise<void> {
  expect(await tab.evaluate("window.mark")).toBe(1);
  expect(await tab.evaluate(counter("page-counter"))).toBe("3");
}

browserTest("the page loads, and both counters count", async () => {
  tab = await Tab.openDev(dev);
  await tab.evaluate("window.mark = 1");
  await tab.click("#page-counter");
  await tab.waitFor(`${counter("page-counter")} === "1"`);
  // Two clicks in the same tick: both count.
  await tab.evaluate('[1, 2].forEach(() => document.querySelector("#page-counter").click())');
  await tab.waitFor(`${counter("page-counter")} === "3"`);
  await tab.click("#server-counter");
  await tab.waitFor(`${counter("server-counter")} === "1"`);
  expect((await state()).count).toBe(1);
});

browserTest(
  "an edited component is shown within a second, and the page keeps its state",
  async () => {
    const times: number[] = [];
    for (const text of ["First edit.", "Second edit."]) {
      await copy.write(APP, app.replace(TEXT, text));
      const savedAt = performance.now();
      await tab.shows(text);
      times.push(performance.now() - savedAt);
    }
    // The faster of the two, because another process may delay one of them.
    expect(Math.min(...times)).toBeLessThan(1000);
    await expectNoReload();
  },
);

browserTest("a component that an editor saves atomically is shown", async () => {
  for (const text of ["Renamed once.", "Renamed twice."]) {
    await copy.writeAtomically(APP, app.replace(TEXT, text));
    await tab.shows(text);
  }
  await expectNoReload();
});

browserTest("an edited style is applied without a reload", async () => {
  const style = await copy.read("src/page/style.css");
  await copy.write("src/page/style.css", `${style}\nh1 { outline: 3px solid rgb(1, 2, 3); }\n`);
  await tab.waitFor(
    'getComputedStyle(document.querySelector("h1")).outlineColor === "rgb(1, 2, 3)"',
  );
  await expectNoReload();
});

browserTest("a style element is refused, as in production", async () => {
  await tab.evaluate(`document.head.append(
    Object.assign(document.createElement("style"), { textContent: "h1 { outline-width: 9px }" }))`);
  const width = await tab.evaluate('getComputedStyle(document.querySelector("h1")).outlineWidth');
  expect(width).not.toBe("9px");
});

browserTest("a new file and its import are shown", async () => {
  const module = "export function Extra() {\n  return <p>A new file.</p>;\n}\n";
  await copy.write("src/page/Extra.tsx", module);
  const withExtra = app.replace("</main>", "<Extra /></main>");
  await copy.write(APP, `import { Extra } from "./Extra.tsx";\n${withExtra}`);
  await tab.shows("A new file.");
  await copy.edit("src/page/Extra.tsx", "A new file.", "An edited file.");
  await tab.shows("An edited file.");
  await expectNoReload();
});

browserTest("a renamed file and its import are shown", async () => {
  const extra = await copy.read("src/page/Extra.tsx");
  await copy.write("src/page/More.tsx", extra.replace("An edited file.", "A renamed file."));
  await copy.edit(APP, "./Extra.tsx", "./More.tsx");
  await tab.shows("A renamed file.");
  await expectNoReload();
});

browserTest(
  "after an edit of the server, state and timers continue, connections stay open, the version changes",
  async () => {
    const before = await state();
    const messages: State[] = [];
    let closed = false;
    const socket = new WebSocket(`${dev.url}/api/live`.replace("http", "ws"));
    socket.onmessage = ({ data }) => messages.push(JSON.parse(data));
    socket.onclose = () => {
      closed = true;
    };
    await until("the first message", () => messages[0]?.version === before.version);
    await copy.edit("src/features/counter/routes.ts", "state.count += 1", "state.count += 10");
    await until("a message of the new version", () => messages.at(-1)?.version !== before.version);
    const beats = messages.at(-1)?.beats ?? 0;
    await until("the timer continues", () => (messages.at(-1)?.beats ?? 0) > beats);
    expect(beats).toBeGreaterThanOrEqual(before.beats);
    expect(messages.at(-1)).toMatchObject({ count: before.count, startedAt: before.startedAt });
    expect(closed).toBe(false);
    await tab.click("#server-counter");
    await tab.waitFor(`${counter("server-counter")} === "${before.count + 10}"`);
    await expectNoReload();
    socket.close();
  },
);

browserTest("a long line of the page's console is printed in the terminal", async () => {
  const line = "long ".repeat(20_000);
  await tab.evaluate(`console.log(${JSON.stringify(line)})`);
  await until("the terminal shows it", () => dev.printed().includes(line.trim()));
});

browserTest("the console of the page is printed in the terminal", async () => {
  await tab.evaluate('console.log("logged in the page", { answer: 42 })');
  await until("the terminal shows it", () => /logged in the page.*answer: 42/.test(dev.printed()));
  expect(await tab.evaluate(overlay)).toBe(false);
});
