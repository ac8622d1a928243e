// The development server refuses every other site, on every path, and serves no files besides the page.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { Copy } from "./copy.ts";
import { handshake, type RawResponse, send } from "./raw.ts";
import { type Service, startDev } from "./service.ts";

const APP = "src/page/App.tsx";
const ROUTES = "src/features/counter/routes.ts";
const SECRET = "planted-secret-that-nobody-may-read";
let copy: Copy;
let dev: Service;
let script: string;

beforeAll(async () => {
  copy = await Copy.make();
  await copy.write(".env", `DATABASE_PASSWORD=${SECRET}\nPUBLIC_TITLE=A public title\n`);
  await copy.write(ROUTES, `// ${SECRET}\n${await copy.read(ROUTES)}`);
  await copy.edit(APP, "</main>", "{String(typeof process)}</main>");
  dev = await startDev(copy.folder, {
    API_TOKEN: SECRET,
    DEV_HOSTS: "my-laptop.local,[FD00:0::1]",
  });
  const page = (await send(dev.url, "/")).body;
  script = /src="(\/_bun\/client\/[^"]+)"/.exec(page)?.[1] ?? "";
  expect(script).not.toBe("");
});

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

/** One path of each kind: page, script, source map, style, error reports, API, health, unknown paths, both WebSockets. */
function paths(): readonly (readonly [
  target: string,
  headers?: Readonly<Record<string, string>>,
])[] {
  return [
    ["/"],
    [script],
    [`${script}.map`],
    ["/_bun/asset/0000000000000000.css"],
    ["/_bun/report_error"],
    ["/_bun/sources"],
    ["/api/state"],
    ["/healthz"],
    ["/no/such/path"],
    ["/no/such/page", { accept: "text/html" }],
    ["/_bun/hmr", handshake],
    ["/api/live", handshake],
  ];
}

async function expectRefused(headers: Readonly<Record<string, string>>, status = 403) {
  for (const [target, own] of paths()) {
    const response = await send(dev.url, target, { ...own, ...headers });
    expect({ target, status: response.status }).toEqual({ target, status });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  }
}

async function expectServed(headers: Readonly<Record<string, string>>): Promise<void> {
  for (const [target, own] of paths()) {
    const response = await send(dev.url, target, { ...own, ...headers });
    const refused = response.status === 403;
    const hasId = response.headers.has("x-request-id");
    expect({ target, refused, hasId }).toEqual({ target, refused: false, hasId: true });
  }
}

describe("Host", () => {
  test.each([
    "evil.example",
    "evil.example:3000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.168.0.10",
    "0.0.0.0",
  ])("%p is refused on every path", (host) => expectRefused({ host }));

  test.each(["localhost, evil.example", "localhost@evil.example", ""])("%p is malformed", (host) =>
    expectRefused({ host }, 400),
  );

  test.each([
    "localhost",
    "localhost:5000",
    "app.localhost",
    "127.0.0.1",
    "[::1]:3000",
    "my-laptop.local",
    "[fd00::1]:3000",
  ])("%p is a loopback name, or listed in DEV_HOSTS: served", (host) => expectServed({ host }));
});

describe("HOST", () => {
  const interfaces = Object.values(networkInterfaces()).flat();
  const hasIPv6 = interfaces.some((it) => it?.address === "::1");

  test.each(["0.0.0.0", ...(hasIPv6 ? ["::", "::1"] : [])])(
    "%p: the printed link works, and other hosts are refused",
    async (host) => {
      await using other = await startDev(copy.folder, { HOST: host });
      expect((await fetch(other.url)).status).toBe(200);
      expect((await send(other.url, "/", { host: "evil.example" })).status).toBe(403);
    },
  );
});

test("Codespaces forwards the page's host, as Host or as X-Forwarded-Host", async () => {
  const host = "my-codespace-3000.app.github.dev";
  const page = { host, origin: `https://${host}` };
  const variables = { HOST: "0.0.0.0", DEV_HOSTS: host };
  await using forwarded = await startDev(copy.folder, variables);
  const { origin } = page;
  const headers = { "x-forwarded-host": host, "x-forwarded-proto": "https" };
  const { url } = forwarded;
  expect((await send(url, "/", page)).status).toBe(200);
  expect((await send(url, "/", { ...headers, origin })).status).toBe(200);
  for (const protocol of ["https", "wss", "WSS, http", ""]) {
    const forwarded = { ...headers, "x-forwarded-proto": protocol, origin };
    const { status } = await send(url, "/_bun/hmr", { ...handshake, ...forwarded });
    expect({ protocol, status }).toEqual({ protocol, status: 101 });
  }
  const foreign = { ...headers, origin: "https://other-3000.app.github.dev" };
  expect((await send(url, "/", foreign)).status).toBe(403);
});

describe("Origin", () => {
  test.each(["https://evil.example", "http://localhost:1", "null", "file://", "http://127.0.0.1"])(
    "%p is refused on every path",
    (origin) => expectRefused({ origin }),
  );

  test("the server's own origin is accepted", () => expectServed({ origin: dev.url }));
});

describe("Sec-Fetch-Site", () => {
  test.each(["cross-site", "same-site"])("%p is refused on every path", (site) =>
    expectRefused({ "sec-fetch-site": site }),
  );

  test("a frame on a foreign page is refused", async () => {
    await expectRefused({
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    });
  });

  test("a link on a foreign page works", async () => {
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await send(dev.url, "/", headers)).status).toBe(200);
  });
});

test("a message over the limit of the live WebSocket closes it", async () => {
  const socket = new WebSocket(`${dev.url}/api/live`.replace("http", "ws"));
  const closed = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => closed.resolve(code);
  socket.onopen = () => socket.send("x".repeat(2000));
  expect(await closed.promise).toBe(1009);
});

describe("files", () => {
  const targets = (folder: string) => {
    const files = [`${folder}/.env`, `${folder}/${ROUTES}`, "/etc/passwd"];
    const relative = [".env", ROUTES, "src/dev.ts", "package.json", "bunfig.toml"];
    return [
      ...files.flatMap((file) => [
        `/@fs${file}`,
        `/@fs/${file}`,
        `/@fs${file}?raw`,
        `/@fs${file}?raw??`,
        `/@fs${file}?import&raw`,
        `/@fs${file}?import&raw??`,
        `/@fs${file}?url`,
        `/@fs${file}?inline`,
        `/@fs${file}?import&?inline=1.wasm?init`,
        `/@fs${file}?.svg?.wasm?init`,
        `/@fs${file}%00.svg`,
        `/@fs/x/x/x/vite/../../../../..${file}?import&?raw`,
        `/@id${file}`,
        `/@id/__x00__${file}`,
        `/_bun/src${file}`,
        `/_bun/client${file}`,
        `/_bun/asset${file}`,
        `/${file}`,
        `//${file}`,
        `file://${file}`,
        `http://localhost${file}`,
        `http://evil.example${file}`,
        `/..${file}`,
        `/%2e%2e%2f%2e%2e${file}`,
        `/..%2f..%2f..%2f..%2f..${file}`,
        `/..%5c..%5c..${file}`,
        `/_bun/..%2f..%2f..${file}`,
        `/_bun/client/../../..${file}`,
        `/_bun/client/%2e%2e/%2e%2e/%2e%2e${file}`,
        `/_bun/asset/..%2f..%2f..%2f..${file}`,
      ]),
      ...relative.flatMap((file) => [
        `/${file}`,
        `/./${file}`,
        `//${file}`,
        `/${file}?raw`,
        `/${file}?import&raw`,
        `/${file}?url`,
        `/${file}.map`,
        `/${file}#`,
        `/#/../${file}`,
        `/src/../${file}`,
        `/src/page/../../${file}`,
        `/src/page/%2e%2e/%2e%2e/${file}`,
        `/_bun/${file}`,
        `/_bun/src/${file}`,
        `/_bun/client/${file}`,
        `/_bun/client/${file}.map`,
        `/node_modules/../${file}`,
      ]),
      "/__open-in-editor?file=.env",
      "/esbuild",
      "/.git/config",
      "/node_modules/react/package.json",
    ];
  };

  test("only the page and its assets are served", async () => {
    for (const target of targets(copy.folder)) {
      for (const headers of [{}, { accept: "text/html" }, { accept: "image/*" }]) {
        const { status, body, headers: received } = await send(dev.url, target, headers);
        const isPage = body.startsWith("<!doctype html>") && body.includes('<div id="root">');
        const leak = status >= 400 || isPage ? "" : body.slice(0, 200);
        expect({ target, leak }).toEqual({ target, leak: "" });
        expect(body).not.toContain(SECRET);
        expect(body).not.toContain("root:x:0");
        expect(received.get("access-control-allow-origin")).toBeNull();
      }
    }
  });

  test("page, script, styles and source maps contain the PUBLIC_ variables and nothing of the server", async () => {
    const page = (await send(dev.url, "/")).body;
    const assets = [...page.matchAll(/(?:src|href)="(\/_bun\/[^"]+)"/g)].map(([, path]) => path);
    const sourceMap = `/_bun/client/${/sourceMappingURL=\/_bun\/client\/(\S+)/.exec((await send(dev.url, script)).body)?.[1]}`;
    const responses: RawResponse[] = [];
    for (const path of [...assets, sourceMap]) {
      const response = await send(dev.url, path ?? "");
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      responses.push(response);
    }
    const everything = [page, ...responses.map(({ body }) => body)].join("\n");
    const sources = everything.match(/"file:[^"]+"/g) ?? [];
    expect(sources.some((source) => source.endsWith('/src/page/App.tsx"'))).toBe(true);
    expect(sources.filter((source) => /\/src\/(features|dev|env|app|lib)/.test(source))).toEqual(
      [],
    );
    expect(everything.includes("A public title")).toBe(true);
    expect(everything.includes(SECRET)).toBe(false);
  });
});
