// How the development server starts and stops: ports, an invalid environment, and what it leaves behind.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../package.json";
import { browserTest, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { startDev, until } from "./service.ts";

let copy: Copy;
beforeAll(async () => {
  copy = await Copy.make();
});
afterAll(() => copy?.[Symbol.asyncDispose]());

test("if the port is taken, it listens on the next free one and says so", async () => {
  await using first = await startDev(copy.folder);
  const taken = new URL(first.url).port;
  await using second = await startDev(copy.folder, { PORT: taken });
  const { port } = new URL(second.url);
  expect(Number(port)).toBeGreaterThan(Number(taken));
  expect(second.printed()).toContain(`port ${taken} is taken`);
  expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
});

test("if HOST is not an address of this machine, it says so and exits", async () => {
  const start = startDev(copy.folder, { HOST: "192.0.2.1" });
  await expect(start).rejects.toThrow(
    /did not listen:\nCan't listen on 192\.0\.2\.1:0 \(E\w+\)\.\nSet HOST and PORT to a free address\.\n$/,
  );
});

test("it listens on the loopback address only, and Ctrl-C leaves no temporary files", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "hmr-app-tmp-"));
  try {
    await using dev = await startDev(copy.folder, { TMPDIR: temporary });
    expect(dev.url).toStartWith("http://127.0.0.1:");
    expect((await fetch(dev.url)).status).toBe(200);
    const post = await fetch(dev.url, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await readdir(temporary)).toHaveLength(1);
    dev.child.kill("SIGINT");
    expect(await dev.child.exited).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});

test("requests of the page are logged, those of Bun's client in it are not", async () => {
  await using dev = await startDev(copy.folder, { LOG_LEVEL: "info" });
  const page = await (await fetch(dev.url)).text();
  const script = /src="(\/_bun\/client\/[^"]+)"/.exec(page)?.[1];
  expect((await fetch(dev.url + script)).status).toBe(200);
  await fetch(`${dev.url}/api/state`);
  await until("the requests are logged", () => dev.printed().includes("GET /api/state 200"));
  expect(dev.printed()).toContain("GET / 200");
  expect(dev.printed()).not.toContain("/_bun/");
});

browserTest(
  "the title of the page is that of index.html, which is the name of the package",
  async () => {
    await using own = await Copy.make({ page: "own" });
    const title = `<title>${packageJson.name}</title>`;
    await own.edit("src/page/index.html", title, "<title>renamed</title>");
    await using dev = await startDev(own.folder);
    await using tab = await Tab.open(dev.url);
    await tab.waitFor('document.querySelector("h1")?.textContent === "renamed"');
    expect(await tab.evaluate("document.title")).toBe("renamed");
  },
);

test("an invalid environment is reported in one message", async () => {
  const start = startDev(copy.folder, { PORT: "eighty", LOG_LEVEL: "loud" });
  await expect(start).rejects.toThrow(/PORT: .*\n +LOG_LEVEL: /);
});
