// The results of `bun run build`, `start` and `compile`: assets, headers, shutdown, and the executable.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { browserTest, counter, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { handshake, type RawResponse, send } from "./raw.ts";
import { type Service, startService } from "./service.ts";

const SECRET = "planted-secret-that-nobody-may-read";
const variables = { NODE_ENV: "production", LOG_LEVEL: "warn", API_TOKEN: SECRET };
let copy: Copy;
let service: Service;
let assets: readonly string[];

async function run(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const env = { PATH: process.env.PATH ?? "", ...variables, PUBLIC_TITLE: "A public title" };
  const child = Bun.spawn([process.execPath, "--no-orphans", "run", "--silent", ...args], {
    cwd: copy.folder,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await Promise.all([child.stdout, child.stderr].map(Bun.readableStreamToText));
  return { exitCode: await child.exited, output: output.join("") };
}

beforeAll(async () => {
  copy = await Copy.make({ page: "own" });
  // The page reads a variable that is not public, and must not get its value.
  await copy.edit(
    "src/page/settings.ts",
    "export const title",
    "document.documentElement.lang = setting(() => process.env.API_TOKEN, 'en');\nexport const title",
  );
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

test("start without a build says what to do, and exits with 1", async () => {
  const { exitCode, output } = await run("start");
  expect(exitCode).toBe(1);
  expect(output).toBe("Nothing has been built.\nRun `bun run build` first, or `bun run dev`.\n");
});

test("build, then start", async () => {
  const { exitCode, output } = await run("build");
  expect(exitCode, output).toBe(0);
  const command = [process.execPath, "--no-orphans", "run", "--silent", "start"];
  service = await startService(command, copy.folder, variables);
  const page = (await send(service.url, "/")).body;
  assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  expect(assets.some((path) => path.endsWith(".js"))).toBe(true);
  expect(assets.some((path) => path.endsWith(".css"))).toBe(true);
});

test("only PUBLIC_ variables are in the build", async () => {
  const folder = join(copy.folder, "dist", "public");
  const texts = await Promise.all(
    (await readdir(folder)).map((file) => Bun.file(join(folder, file)).text()),
  );
  expect(texts.some((text) => text.includes("A public title"))).toBe(true);
  expect(texts.some((text) => text.includes(SECRET))).toBe(false);
  expect(await Bun.file(join(copy.folder, "dist", "main.js")).text()).not.toContain(SECRET);
});

describe("assets", () => {
  test("have hashed names and are cached forever", async () => {
    for (const path of assets) {
      expect(path).toMatch(/^\/[\w-]+-[a-z\d]{8}\.(js|css|svg)$/);
      const { status, headers } = await send(service.url, path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("are sent in the encoding that the client prefers", async () => {
    const request = async (encoding: string | undefined, path: string) => {
      const headers = encoding === undefined ? {} : { "accept-encoding": encoding };
      const response = await send(service.url, path, headers);
      const bytes = Buffer.from(response.body, "latin1");
      return { encoding: response.headers.get("content-encoding"), bytes, response };
    };
    for (const path of [...assets, "/"]) {
      const { bytes: plain, encoding, response } = await request(undefined, path);
      expect(encoding).toBeNull();
      expect(response.headers.get("vary")).toContain("accept-encoding");
      const br = await request("gzip, deflate, br, zstd", path);
      expect({ path, encoding: br.encoding }).toEqual({ path, encoding: "br" });
      expect(brotliDecompressSync(br.bytes).equals(plain)).toBe(true);
      const gzip = await request("br;q=0.5, gzip", path);
      expect(gzip.encoding).toBe("gzip");
      expect(gunzipSync(gzip.bytes).equals(plain)).toBe(true);
      expect((await request("br;q=0, *", path)).encoding).toBe("gzip");
      expect((await request("deflate", path)).encoding).toBeNull();
      expect((await request("identity;q=0, *;q=0", path)).response.status).toBe(406);
      const tags = [br, gzip].map(({ response }) => response.headers.get("etag"));
      expect(new Set([...tags, response.headers.get("etag")]).size).toBe(3);
    }
  });

  test("source maps are not served", async () => {
    const targets = [...assets.map((path) => `${path}.map`), "/main.js.map", "/main.js"];
    for (const target of targets) expect((await send(service.url, target)).status).toBe(404);
    for (const path of assets) {
      expect((await send(service.url, path)).body).not.toContain("sourceMappingURL");
    }
  });
});

describe("page", () => {
  test("is revalidated, under a strict policy", async () => {
    const { status, headers } = await send(service.url, "/");
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-cache");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    // Bun inlines small fonts into the style sheet.
    expect(headers.get("content-security-policy")).toContain("font-src 'self' data:");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    const etag = headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await send(service.url, "/", { "if-none-match": known });
      expect({ known, status: again.status, body: again.body }).toMatchObject({ status: 304 });
      expect(again.body).toBe("");
    }
  });

  test("is the response to a navigation to any address; a script gets a 404", async () => {
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const navigation = await send(service.url, "/some/address", { accept });
    expect(navigation.headers.get("content-type")).toStartWith("text/html");
    expect(navigation.status).toBe(200);
    const refused: RawResponse[] = [
      await send(service.url, "/some/address"),
      await send(service.url, "/missing.js", { accept }),
      await send(service.url, "/api/missing", { accept }),
      await send(service.url, "/index.html"),
    ];
    for (const { status, headers } of refused) {
      expect(status).toBe(404);
      expect(headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("HEAD has the headers of GET, and other methods are 405", async () => {
    for (const path of ["/", ...assets]) {
      const [head, get] = [
        await send(service.url, path, {}, "HEAD"),
        await send(service.url, path),
      ];
      expect(head.body).toBe("");
      expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
      expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
      const post = await send(service.url, path, { "content-length": "0" }, "POST");
      expect(post.status).toBe(405);
      expect(post.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    }
  });

  browserTest("works under its policy: both counters, and the live state", async () => {
    await using tab = await Tab.open(service.url);
    await tab.shows("A public title");
    expect(await tab.evaluate("document.title")).toBe("A public title");
    await tab.click("#page-counter");
    await tab.click("#server-counter");
    await tab.waitFor(`${counter("page-counter")} === "1"`);
    await tab.waitFor(`${counter("server-counter")} === "1"`);
    await tab.evaluate("window.fetch = async () => new Response(null, { status: 503 })");
    await tab.click("#server-counter");
    await tab.shows("it responded with 503");
  });
});

test("a foreign page cannot change the state", async () => {
  const count = async (origin: string) => {
    const headers = { origin, "content-length": "0" };
    const { status, body } = await send(service.url, "/api/increment", headers, "POST");
    return { status, count: JSON.parse(body).count };
  };
  const { count: before } = await count(service.url);
  expect(await count("https://evil.example")).toEqual({ status: 403, count: undefined });
  expect(await count(service.url)).toEqual({ status: 200, count: before + 1 });
});

test("the WebSocket is refused to a foreign page, and without a handshake", async () => {
  const foreign = { ...handshake, origin: "https://evil.example" };
  expect((await send(service.url, "/api/live", foreign)).status).toBe(403);
  const { status, headers } = await send(service.url, "/api/live", handshake);
  expect(status).toBe(101);
  expect(headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  expect((await send(service.url, "/api/live")).status).toBe(426);
});

test("when many clients connect, each one gets at most one message per second", async () => {
  const connect = () => new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const first = (socket: WebSocket) =>
    new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  const observer = connect();
  let messages = 0;
  observer.onmessage = () => {
    messages += 1;
  };
  await first(observer);
  const started = performance.now();
  const crowd = Array.from({ length: 200 }, connect);
  await Promise.all(crowd.map(first));
  expect(messages).toBeLessThanOrEqual(3 + (performance.now() - started) / 1000);
  for (const socket of [observer, ...crowd]) socket.close();
});

test("shutdown closes the WebSockets with 1012, so that clients reconnect", async () => {
  const socket = new WebSocket(`${service.url}/api/live`.replace("http", "ws"));
  const closed = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => closed.resolve(code);
  const stop = () => service.child.kill("SIGTERM");
  socket.addEventListener("message", stop, { once: true });
  expect(await closed.promise).toBe(1012);
  expect(await service.child.exited).toBe(0);
});

test("compile: the executable runs in an empty folder", async () => {
  const { exitCode, output } = await run("compile");
  expect(exitCode, output).toBe(0);
  const empty = await mkdtemp(join(tmpdir(), "hmr-app-empty-"));
  try {
    const executable = process.platform === "win32" ? "app.exe" : "app";
    await cp(join(copy.folder, "dist", executable), join(empty, executable));
    await rm(join(copy.folder, "dist"), { recursive: true });
    await using executableService = await startService([join(empty, executable)], empty, {
      PATH: "",
    });
    const page = await send(executableService.url, "/", { "accept-encoding": "br" });
    expect(page.headers.get("content-encoding")).toBe("br");
    for (const path of assets) expect((await send(executableService.url, path)).status).toBe(200);
    expect((await send(executableService.url, "/api/state")).body).toContain('"count":0');
    expect(await readdir(empty)).toEqual([executable]);
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
});
