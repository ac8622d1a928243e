// Random edits to page, style and server, valid and not.
import { expect } from "bun:test";
import { TEST_TIMEOUT } from "#lib/test-timeout";
import { browserTest, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { startDev, until } from "./service.ts";

const EDITS = 50;
const APP = "src/page/App.tsx";
const STYLE = "src/page/style.css";
const ROUTES = "src/features/counter/routes.ts";
const TEXT = "Before any edit.";

/** Pseudorandom numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A JavaScript expression for the text of the page and the colour of its heading. */
const CONTENT = `document.body.innerText + getComputedStyle(document.querySelector("h1")).color`;

browserTest(
  `${EDITS} random edits end in the same page as a cold start`,
  async () => {
    await using copy = await Copy.make({ intervalMs: 0 });
    await using dev = await startDev(copy.folder);
    await using tab = await Tab.openDev(dev);
    await tab.shows(TEXT);
    const app = await copy.read(APP);
    const style = await copy.read(STYLE);
    const routes = await copy.read(ROUTES);
    const valid = (index: number): [string, string][] => [
      [APP, app.replace(TEXT, `Edit ${index}.`)],
      [STYLE, `${style}\nh1 { color: rgb(${index}, 0, 0); }\n`],
      [ROUTES, `${routes}\n// ${index}\n`],
    ];
    const invalid = (index: number): [string, string][] => [
      [APP, app.replace("<header>", `<header ${index}`)],
      [APP, app.replace("  return (", `  throw new Error("${index}");\n  return (`)],
      [STYLE, `@import "./missing-${index}.css";\n${style}`],
      [ROUTES, `${routes}\n}${index}`],
    ];
    const seed = Date.now() % 1_000_000;
    const next = random(seed);
    console.log(`seed: ${seed}`);
    for (let index = 0; index < EDITS; index += 1) {
      const choices = next() < 0.5 ? valid(index) : invalid(index);
      const [path, text] = choices[Math.floor(next() * choices.length)] ?? [APP, app];
      if (next() < 0.5) await copy.write(path, text);
      else await copy.writeAtomically(path, text);
      await Bun.sleep(next() * 60);
    }
    for (const [path, text] of valid(EDITS)) await copy.write(path, text);
    await tab.shows(`Edit ${EDITS}.`);
    await tab.waitFor(
      `getComputedStyle(document.querySelector("h1")).color === "rgb(${EDITS}, 0, 0)"`,
    );
    await tab.waitFor(`!${overlay}`);
    await until("the server responds", async () => (await fetch(`${dev.url}/api/state`)).ok);
    await using cold = await startDev(copy.folder);
    await using fresh = await Tab.open(cold.url);
    await fresh.shows(`Edit ${EDITS}.`);
    await fresh.waitFor('document.querySelector("#server-counter output").textContent === "0"');
    expect(await tab.evaluate(CONTENT)).toBe(await fresh.evaluate(CONTENT));
  },
  3 * TEST_TIMEOUT,
);
