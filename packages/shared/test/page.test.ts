// A page as a browser receives it: bundled from a folder, cached and revalidated, with hashed asset names.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { pageRoutes } from "../src/page.ts";
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

async function open(index: string) {
  const app = await pageRoutes(index);
  return (path: string, init?: RequestInit) => app.request(path, init);
}

type Page = Awaited<ReturnType<typeof open>>;

async function assetsOf(page: Page): Promise<string[]> {
  const html = await (await page("/")).text();
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
}

describe.each(["its sources", "its bundle"])("a page from %s", (from) => {
  let page: Page;
  beforeAll(async () => {
    const index = `${folder}/index.html`;
    if (from === "its sources") page = await open(index);
    else {
      await Bun.build({ entrypoints: [index], outdir: `${folder}/dist`, minify: true });
      page = await open(`${folder}/dist/index.html`);
    }
  });

  test("has a strict policy, and nothing inline that the policy would block", async () => {
    const response = await page("/");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toStartWith("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).not.toMatch(/<script[^>]*>[^<]|<style|\son\w+=|\sstyle=/);
  });

  test("refers to its assets from the root, and serves them with their types", async () => {
    const assets = await assetsOf(page);
    expect(assets).toHaveLength(2);
    for (const path of assets) {
      const response = await page(path);
      expect(response.headers.get("content-type")).toMatch(/^text\/(css|javascript)/);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("is revalidated by its ETag", async () => {
    const first = await page("/");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await page("/", { headers: { "if-none-match": tags } });
      expect([tags, again.status, await again.text()]).toEqual([tags, 304, ""]);
      expect(again.headers.get("etag")).toBe(etag);
    }
    expect((await page("/", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });
});

test("HEAD has the header fields of GET, and no body", async () => {
  const app = await pageRoutes(`${folder}/index.html`);
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });
  const [head, get] = await Promise.all([fetch(server.url, { method: "HEAD" }), fetch(server.url)]);
  expect(Number(head.headers.get("content-length"))).toBe((await get.bytes()).byteLength);
  expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
  expect(head.headers.get("etag")).toBe(get.headers.get("etag") ?? "");
  expect(await head.text()).toBe("");
});

test("a change of a script changes its name, so that no cache serves the old one", async () => {
  const script = async () =>
    (await assetsOf(await open(`${folder}/index.html`))).find((path) => path.endsWith(".js"));
  const before = await script();
  await write("main.ts", 'document.title = "two";');
  const after = await script();
  expect(before).toMatch(/-\w{8}\.js$/);
  expect(after).not.toBe(before);
});

test("a page that does not build names file and line, and the process exits with code 1", async () => {
  await write("broken.html", '<script type="module" src="./broken.ts"></script>');
  await write("broken.ts", "let x = ;");
  await using child = run(
    `import { z } from "zod";
     import { serviceVariables } from "./src/env.ts";
     import { pageRoutes } from "./src/page.ts";
     import { runService } from "./src/service.ts";
     const createApp = () => pageRoutes(${JSON.stringify(`${folder}/broken.html`)});
     await runService({ schema: z.object(serviceVariables), createApp });`,
  );
  expect(await child.exited).toBe(1);
  expect(child.output()).toMatch(/broken\.ts:1:9/);
});
