// What survives an edit: the state of the page and of the server, timers and connections.
import { afterAll, beforeAll, expect } from "bun:test";
import type { State } from "../src/shared/state.ts";
import { browserTest, counter, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, TIMEOUT, until } from "./service.ts";

let copy: Copy;
let dev: Service;
let tab: Tab;

beforeAll(async () => {
  copy = await Copy.make();
  dev = await startDev(copy.folder);
}, TIMEOUT);

afterAll(async () => {
  await tab?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

const state = async () => (await (await fetch(`${dev.url}/api/state`)).json()) as State;

/** Marks the document; a reload would lose the mark. */
async function expectNoReload(): Promise<void> {
  expect(await tab.evaluate("window.mark")).toBe(1);
}

browserTest(
  "first load, and a click on both counters",
  async () => {
    tab = await Tab.follow(dev);
    await tab.evaluate("window.mark = 1");
    await tab.click("#page-counter");
    await tab.sees(`${counter("page-counter")} === "1"`);
    // Two more at once: each of them counts.
    await tab.evaluate('[1, 2].forEach(() => document.querySelector("#page-counter").click())');
    await tab.sees(`${counter("page-counter")} === "3"`);
    await tab.click("#server-counter");
    await tab.sees(`${counter("server-counter")} === "1"`);
    expect((await state()).count).toBe(1);
  },
  TIMEOUT,
);

browserTest(
  "a component: the new text within a second, and the state of the page is kept",
  async () => {
    const home = await copy.read("src/page/Home.tsx");
    const times: number[] = [];
    for (const text of ["Little is lost.", "All is kept."]) {
      await copy.write("src/page/Home.tsx", home.replace("Nothing is lost.", text));
      const saved = performance.now();
      await tab.shows(text);
      times.push(performance.now() - saved);
    }
    // Something else may take the machine away from one of them.
    expect(Math.min(...times)).toBeLessThan(1000);
    expect(await tab.evaluate(counter("page-counter"))).toBe("3");
    await expectNoReload();
  },
  TIMEOUT,
);

browserTest(
  "a component, saved as a new file that takes the name of the old one",
  async () => {
    const home = await copy.read("src/page/Home.tsx");
    for (const text of ["Renamed once.", "Renamed twice."]) {
      await copy.writeAtomically("src/page/Home.tsx", home.replace("All is kept.", text));
      await tab.shows(text);
    }
    expect(await tab.evaluate(counter("page-counter"))).toBe("3");
    await expectNoReload();
  },
  TIMEOUT,
);

browserTest(
  "a style: swapped without a reload",
  async () => {
    await copy.edit(
      "src/page/style.css",
      "letter-spacing: -0.04em;",
      "outline: 3px solid rgb(1, 2, 3);",
    );
    await tab.sees(
      'getComputedStyle(document.querySelector("h1")).outlineColor === "rgb(1, 2, 3)"',
    );
    expect(await tab.evaluate(counter("page-counter"))).toBe("3");
    await expectNoReload();
  },
  TIMEOUT,
);

browserTest(
  "a new file and its import just work",
  async () => {
    const module = "export function Extra() {\n  return <p>A new file.</p>;\n}\n";
    await copy.write("src/page/Extra.tsx", module);
    const home = await copy.read("src/page/Home.tsx");
    const importing = `import { Extra } from "./Extra.tsx";\n${home.replace("</main>", "<Extra /></main>")}`;
    await copy.write("src/page/Home.tsx", importing);
    await tab.shows("A new file.");
    await copy.edit("src/page/Extra.tsx", "A new file.", "An edited file.");
    await tab.shows("An edited file.");
    await expectNoReload();
  },
  TIMEOUT,
);

browserTest(
  "a file that is renamed, with its import",
  async () => {
    const extra = await copy.read("src/page/Extra.tsx");
    await copy.write("src/page/More.tsx", extra.replace("An edited file.", "A renamed file."));
    await copy.edit("src/page/Home.tsx", "./Extra.tsx", "./More.tsx");
    await tab.shows("A renamed file.");
    await expectNoReload();
  },
  TIMEOUT,
);

browserTest(
  "the server: its state and timers go on, connections stay open, the version changes",
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
    await copy.edit("src/server/api.ts", "memory.count += 1", "memory.count += 10");
    await until("a message of the new version", () => messages.at(-1)?.version !== before.version);
    const beats = messages.at(-1)?.beats ?? 0;
    await until("the timer beats on", () => (messages.at(-1)?.beats ?? 0) > beats);
    expect(beats).toBeGreaterThanOrEqual(before.beats);
    expect(messages.at(-1)).toMatchObject({ count: before.count, startedAt: before.startedAt });
    expect(closed).toBe(false);
    await tab.click("#server-counter");
    await tab.sees(`${counter("server-counter")} === "${before.count + 10}"`);
    expect(await tab.evaluate(counter("page-counter"))).toBe("3");
    await expectNoReload();
    socket.close();
  },
  TIMEOUT,
);

browserTest(
  "the page's console is echoed to the terminal",
  async () => {
    await tab.evaluate('console.log("said in the page", { answer: 42 })');
    await until("the terminal has it", () => /said in the page.*answer: 42/.test(dev.printed()));
    expect(await tab.evaluate(overlay)).toBe(false);
  },
  TIMEOUT,
);

browserTest(
  "a component, saved twice at once: the page starts anew, with the last save",
  async () => {
    const home = await copy.read("src/page/Home.tsx");
    for (const text of ["Once.", "Twice."]) {
      await Bun.write(`${copy.folder}/src/page/Home.tsx`, home.replace("Renamed twice.", text));
      await Bun.sleep(20);
    }
    await tab.sees("window.mark === undefined");
    await tab.shows("Twice.");
  },
  TIMEOUT,
);
