// A storm of edits, valid and not, to page, style and server ends in the page of a cold start.
import { expect } from "bun:test";
import { browserTest, overlay, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { startDev, until } from "./service.ts";

const EDITS = 50;
const HOME = "src/page/Home.tsx";
const STYLE = "src/page/style.css";
const API = "src/server/api.ts";

/** A small generator of numbers from 0 to 1 that repeats itself with the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the page shows, without what changes by itself. */
const CONTENT = `(() => {
  const page = document.querySelector(".home")?.cloneNode(true);
  page?.querySelectorAll("#version, #beats, #clients").forEach((it) => it.remove());
  const { color } = getComputedStyle(document.querySelector("h1") ?? document.body);
  return page && page.textContent + color;
})()`;

browserTest(
  `${EDITS} edits at random`,
  async () => {
    await using copy = await Copy.make(0);
    await using dev = await startDev(copy.folder);
    await using tab = await Tab.follow(dev);
    await tab.shows("Nothing is lost.");
    const [home, style, api] = await Promise.all([HOME, STYLE, API].map((it) => copy.read(it)));
    const valid = (index: number): [string, string][] => [
      [HOME, (home ?? "").replace("Nothing is lost.", `Edit ${index}.`)],
      [STYLE, `${style}\nh1 { color: rgb(${index}, 0, 0); }\n`],
      [API, `${api}\n// ${index}\n`],
    ];
    const invalid = (index: number): [string, string][] => [
      [HOME, (home ?? "").replace("<header>", `<header ${index}`)],
      [HOME, (home ?? "").replace("  return (", `  throw new Error("${index}");\n  return (`)],
      [STYLE, `@import "./missing-${index}.css";\n${style}`],
      [API, `${api}\n}${index}`],
    ];
    const seed = Date.now() % 1_000_000;
    const next = random(seed);
    console.log(`seed of the storm: ${seed}`);
    for (let index = 0; index < EDITS; index += 1) {
      const choices = next() < 0.5 ? valid(index) : invalid(index);
      const [path, text] = choices[Math.floor(next() * choices.length)] ?? [HOME, home ?? ""];
      if (next() < 0.5) await copy.write(path, text);
      else await copy.writeAtomically(path, text);
      await Bun.sleep(next() * 60);
    }
    for (const [path, text] of valid(EDITS)) await copy.write(path, text);
    await tab.shows(`Edit ${EDITS}.`);
    await tab.sees(
      `getComputedStyle(document.querySelector("h1")).color === "rgb(${EDITS}, 0, 0)"`,
    );
    await tab.sees(`!${overlay}`);
    await until(
      "the server runs the last version",
      async () => (await fetch(`${dev.url}/api/state`)).ok,
    );
    await using cold = await startDev(copy.folder);
    await using fresh = await Tab.open(cold.url);
    await fresh.shows(`Edit ${EDITS}.`);
    await fresh.sees('document.querySelector("#server-counter output").textContent === "0"');
    expect(await tab.evaluate(CONTENT)).toBe(await fresh.evaluate(CONTENT));
  },
  150_000,
);
