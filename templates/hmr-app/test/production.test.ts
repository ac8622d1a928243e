// `bun run start` with a build: assets, headers, the page, and the shutdown.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { browserTest, counter, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type RawResponse, send } from "./raw.ts";
import { type Service, startProduction, until } from "./service.ts";

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
  copy = await Copy.make();
  for (const name of ["data.csv.gz", "data.br"]) {
    const bytes = crypto.getRandomValues(new Uint8Array(40_000));
    await Bun.write(join(copy.folder, "src/page", name), bytes);
  }
  const imports = `import gz from "./data.csv.gz" with { type: "file" };
import br from "./data.br" with { type: "file" };
document.documentElement.dataset.files = gz + br;
`;
  await copy.write("src/page/main.tsx", imports + (await copy.read("src/page/main.tsx")));
  // The page reads a variable that is not public, and must not get its value.
  await copy.edit(
    "src/page/settings.ts",
    "export const title",
    "document.documentElement.lang = setting(() => process.env.API_TOKEN) ?? 'en';\nexport const title",
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

test.each(["public", "public/index.html"])(
  "a dist/%s that cannot be read is one message",
  async (name) => {
    const path = join(copy.folder, "dist", name);
    await mkdir(join(path, ".."), { recursive: true });
    // Unlike permissions, a link to itself is also an obstacle for root.
    await symlink(basename(path), path);
    const { exitCode, output } = await run("start");
    await rm(join(copy.folder, "dist"), { recursive: true });
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /^The built page cannot be read: ELOOP.*\nCheck its permissions, or build it again.\n$/,
    );
  },
);

test("build, then start", async () => {
  const { exitCode, output } = await run("build");
  expect(exitCode, output).toBe(0);
  service = await startProduction(copy.folder, variables);
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
      expect((await request("identity;q=0, *;q=0", path)).response.status).toBe(200);
      const tags = [br, gzip].map(({ response }) => response.headers.get("etag"));
      expect(new Set([...tags, response.headers.get("etag")]).size).toBe(3);
    }
  });

  test("are served in parts", async () => {
    const path = assets.find((asset) => asset.endsWith(".css")) ?? "";
    const { body, headers } = await send(service.url, path);
    const part = async (range: string, rest: Readonly<Record<string, string>> = {}) => {
      const response = await send(service.url, path, { range, ...rest });
      const { status, body } = response;
      return { status, body, range: response.headers.get("content-range") };
    };
    const size = body.length;
    expect(await part("bytes=0-4")).toEqual({
      status: 206,
      body: body.slice(0, 5),
      range: `bytes 0-4/${size}`,
    });
    expect((await part("Bytes=-3")).body).toBe(body.slice(-3));
    expect((await part(`bytes=${size - 2}-`)).body).toBe(body.slice(-2));
    expect((await part("bytes=0-1", { "accept-encoding": "br" })).body).toBe(body.slice(0, 2));
    const etag = headers.get("etag") ?? "";
    expect((await part("bytes=0-1", { "if-range": etag })).status).toBe(206);
    expect((await part("bytes=0-1", { "if-range": '"other"' })).body).toBe(body);
    for (const ignored of ["bytes=5-2", "lines=0-1", "bytes=0-1,3-4", "bytes=-"]) {
      expect({ ignored, ...(await part(ignored)) }).toMatchObject({ ignored, status: 200 });
    }
    expect(await part(`bytes=${size}-`)).toMatchObject({ status: 416, range: `bytes */${size}` });
  });

  test("of a compressed format are served as they are", async () => {
    const names = await readdir(join(copy.folder, "dist/public"));
    const imported = names.filter((name) => /^data.*\.(gz|br)$/.test(name));
    expect(imported).toHaveLength(2);
    for (const name of imported) {
      const response = await fetch(`${service.url}/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.has("content-encoding")).toBe(false);
      expect((await response.bytes()).length).toBe(40_000);
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
    expect(headers.get("referrer-policy")).toBe("same-origin");
    const etag = headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await send(service.url, "/", { "if-none-match": known });
      expect({ known, status: again.status, body: again.body }).toMatchObject({ status: 304 });
      expect(again.body).toBe("");
    }
  });

  test("is the response to a navigation to any address; for a script, it is a 404", async () => {
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const names = ["some/address", "users/jane.doe", "docs/v1.2", "search/192.168.1.0", "a%0Ab"];
    for (const path of names.map((name) => `/${name}`)) {
      const navigation = await send(service.url, path, { accept });
      expect(navigation.headers.get("content-type")).toStartWith("text/html");
      expect(navigation.status).toBe(200);
      const fetched = await send(service.url, path, { "sec-fetch-dest": "document" });
      expect(fetched.status).toBe(200);
      const navigated = await send(service.url, path, { "sec-fetch-mode": "navigate" });
      expect(navigated.status).toBe(200);
    }
    const refused: RawResponse[] = [
      await send(service.url, "/some/address"),
      await send(service.url, "/missing.js", { accept, "sec-fetch-dest": "script" }),
      await send(service.url, "/missing.js", { accept: "*/*" }),
      await send(service.url, "/api", { accept }),
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

  test("a cache does not keep that a file is missing, because a later build may have it", async () => {
    const { status, headers } = await send(service.url, "/index-0a1b2c3d.js");
    expect([status, headers.get("cache-control")]).toEqual([404, "no-store"]);
  });

  test("other methods on a path that a browser can open are 405", async () => {
    const { status, headers } = await send(service.url, "/about", {}, "DELETE");
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect((await send(service.url, "/api/missing", {}, "DELETE")).status).toBe(404);
  });

  browserTest("works under its policy: both counters, and the live state", async () => {
    await using tab = await Tab.open(service.url);
    await tab.shows("A public title");
    expect(await tab.evaluate("document.title")).toBe("A public title");
    await tab.click("#page-counter");
    await tab.click("#server-counter");
    await tab.waitFor(`${counter("page-counter")} === "1"`);
    await tab.waitFor(`${counter("server-counter")} === "1"`);
    expect(tab.console).toEqual([]);
  });

  browserTest("its own forms and beacons are not refused", async () => {
    // At an http: address that is not a loopback one, browsers send no Sec-Fetch-Site. On Linux, 0.0.0.0 is this machine.
    await using tab = await Tab.open(service.url.replace("127.0.0.1", "0.0.0.0"));
    const count = async () => (await (await fetch(`${service.url}/api/state`)).json()).count;
    const before = await count();
    await tab.evaluate('navigator.sendBeacon("/api/increment", "text")');
    await until("the beacon has arrived", async () => (await count()) === before + 1);
    await tab.evaluate(`(() => {
      document.body.innerHTML = '<form method="post" action="/api/increment">';
      document.forms[0].submit();
    })()`);
    await until("the form has arrived", async () => (await count()) === before + 2);
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

test("an origin with the default port, or with the host that a proxy forwards, is the server's own", async () => {
  const status = async (headers: Readonly<Record<string, string>>) =>
    (await send(service.url, "/api/increment", { "content-length": "0", ...headers }, "POST"))
      .status;
  const origin = "https://app.example";
  expect(await status({ host: "app.example:443", origin })).toBe(200);
  expect(await status({ host: "app.example:80", origin })).toBe(403);
  expect(await status({ "x-forwarded-host": "app.example", origin })).toBe(200);
  expect(await status({ host: "app.example", origin, "sec-fetch-site": "cross-site" })).toBe(403);
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
