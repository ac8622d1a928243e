// Replays how editors and tools save a file. The page shows each save and keeps its state.
import { afterAll, beforeAll, expect } from "bun:test";
import { copyFile, rename, rm, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { browserTest, counter, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev } from "./service.ts";

const TEXT = "Before any edit.";
let copy: Copy;
let dev: Service;
let tab: Tab;
let file: string;
let folder: string;
let app: string;

beforeAll(async () => {
  copy = await Copy.make();
  file = join(copy.folder, "src/page/App.tsx");
  folder = dirname(file);
  app = await Bun.file(file).text();
  dev = await startDev(copy.folder);
});

afterAll(async () => {
  await tab?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

/** Functions that save a text in the same way as an editor. */
const editors: Readonly<Record<string, (text: string) => Promise<unknown>>> = {
  "VS Code: in place": (text) => Bun.write(file, text),
  "vim: a swap file, a test file, and the original renamed to a backup": async (text) => {
    await Bun.write(join(folder, ".App.tsx.swp"), "b0VIM");
    await Bun.write(join(folder, "4913"), "");
    await unlink(join(folder, "4913"));
    await rename(file, `${file}~`);
    await Bun.write(file, text);
    await unlink(`${file}~`);
    await Bun.write(join(folder, ".App.tsx.swp"), `b0VIM${text}`);
    await rm(join(folder, ".App.tsx.swp"));
  },
  "Emacs: a lock, an autosave, and a copy as a backup": async (text) => {
    const lock = join(folder, ".#App.tsx");
    await symlink("user@host.1234:1700000000", lock);
    await Bun.write(join(folder, "#App.tsx#"), text);
    await copyFile(file, `${file}~`);
    await Bun.write(file, text);
    await rm(join(folder, "#App.tsx#"));
    await unlink(lock);
  },
  "JetBrains: a safe write": async (text) => {
    await Bun.write(`${file}___jb_tmp___`, text);
    await rename(file, `${file}___jb_old___`);
    await rename(`${file}___jb_tmp___`, file);
    await unlink(`${file}___jb_old___`);
  },
  "sed -i: a new file renamed to the old name": async (text) => {
    await Bun.write(join(folder, "sedA1b2C3"), text);
    await rename(join(folder, "sedA1b2C3"), file);
  },
  "a formatter right after the save": async (text) => {
    await Bun.write(file, text.replaceAll("  ", "\t"));
    await Bun.sleep(30);
    await Bun.write(file, text);
  },
};

for (const [name, save] of Object.entries(editors)) {
  browserTest(name, async () => {
    tab ??= await Tab.openDev(dev);
    await tab.click("#page-counter");
    const before = Number(await tab.evaluate(counter("page-counter")));
    expect(before).toBeGreaterThan(0);
    for (const round of ["first", "second"]) {
      await save(app.replace(TEXT, `${name}, ${round}.`));
      await tab.shows(`${name}, ${round}.`);
    }
    expect(await tab.evaluate(counter("page-counter"))).toBe(String(before));
  });
}
