// A page as a browser gets it: bundled from a folder, with the headers that keep it and its readers safe.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { BunRequest } from "bun";
import { openPage } from "../src/page.ts";
import { methods } from "../src/problem.ts";
import { run } from "./child.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/page-`);
  await write(
    "index.html",
    '<!doctype html><link rel="stylesheet" href="./style.css"><script type="module" src="./main.ts"></script>',
  );
  await write("style.css", "body { color: red }");
  await write("main.ts", 'document.title = "one" as string;');
});
afterAll(() => rm(folder, { recursive: true }));

const write = (name: string, text: string) => Bun.write(`${folder}/${name}`, text);

type Page = Awaited<ReturnType<typeof openPage>>;

function get(page: Page, path: string, headers: Record<string, string> = {}): Response {
  const handler = page[path];
  if (!handler) throw new Error(`There is no ${path} in ${Object.keys(page)}.`);
  return handler(new Request(`http://localhost${path}`, { headers }) as BunRequest);
}

const script = (page: Page) => Object.keys(page).find((path) => path.endsWith(".js")) ?? "";

describe.each(["from source", "from its own bundle"])("a page %s", (from) => {
  let page: Page;
  beforeAll(async () => {
    const index = `${folder}/index.html`;
    if (from === "from source") page = await openPage(index);
    else {
      await Bun.build({ entrypoints: [index], outdir: `${folder}/dist`, minify: true });
      page = await openPage(`${folder}/dist/index.html`);
    }
  });

  test("has a strict policy, and nothing inline that it would forbid", async () => {
    const response = get(page, "/");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toStartWith("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).not.toMatch(/<script[^>]*>[^<]|<style|\son\w+=|\sstyle=/);
  });

  test("names its assets from the root, and they are there, with their types", async () => {
    const html = await get(page, "/").text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(assets.length).toBe(2);
    for (const path of assets) {
      const response = get(page, path);
      expect(response.headers.get("content-type")).toMatch(/^text\/(css|javascript)/);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("is revalidated by its ETag", async () => {
    const first = get(page, "/");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = get(page, "/", { "if-none-match": tags });
      expect([again.status, await again.text()]).toEqual([304, ""]);
      expect(again.headers.get("etag")).toBe(etag);
    }
    expect(get(page, "/", { "if-none-match": '"other"' }).status).toBe(200);
  });
});

test("HEAD has the header fields of GET", async () => {
  const page = await openPage(`${folder}/index.html`);
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: { "/": methods<undefined>({ GET: () => get(page, "/") }) },
  } as Bun.Serve.Options<undefined, string>);
  const [head, whole] = await Promise.all(
    ["HEAD", "GET"].map((method) => fetch(server.url, { method })),
  );
  expect(head?.headers.get("content-length")).toBe(whole?.headers.get("content-length") ?? "");
  expect(head?.headers.get("etag")).toBe(whole?.headers.get("etag") ?? "");
  expect(await head?.text()).toBe("");
});

test("a change of a script changes its name, so that no cache has to forget", async () => {
  const before = script(await openPage(`${folder}/index.html`));
  await write("main.ts", 'document.title = "two";');
  const after = script(await openPage(`${folder}/index.html`));
  expect(before).toMatch(/-\w{8}\.js$/);
  expect(after).not.toBe(before);
});

test("a page that doesn't build says where, and the process exits with code 1", async () => {
  await write("broken.html", '<script type="module" src="./broken.ts"></script>');
  await write("broken.ts", "let x = ;");
  await using child = run(
    `import { openPage } from "./src/page.ts"; await openPage(${JSON.stringify(`${folder}/broken.html`)});`,
  );
  expect(await child.process.exited).toBe(1);
  await child.closed;
  expect(child.output()).toMatch(/broken\.ts:1:9/);
});
