// The development server answers its own page and its user, no other site, on every path.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Copy } from "./copy.ts";
import { type Answer, send, upgrading } from "./raw.ts";
import { type Service, startDev, TIMEOUT } from "./service.ts";

const SECRET = "planted-secret-that-nobody-may-read";
let copy: Copy;
let dev: Service;
let script: string;

beforeAll(async () => {
  copy = await Copy.make();
  await copy.write(".env", `DATABASE_PASSWORD=${SECRET}\nPUBLIC_TITLE=A public title\n`);
  await copy.edit("src/server/api.ts", "const readState", `// ${SECRET}\nconst readState`);
  await copy.edit("src/page/Home.tsx", "</main>", "{String(typeof process)}</main>");
  dev = await startDev(copy.folder, { API_TOKEN: SECRET, DEV_HOSTS: "my-laptop.local" });
  const page = (await send(dev.url, "/")).body;
  script = /src="(\/_bun\/client\/[^"]+)"/.exec(page)?.[1] ?? "";
  expect(script).not.toBe("");
}, TIMEOUT);

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

/** One path of each kind: page, script, source map, style, errors, edits, API, health, nothing, and both WebSockets. */
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
    ["/_bun/hmr", upgrading],
    ["/api/live", upgrading],
  ];
}

async function expectRefused(headers: Readonly<Record<string, string>>): Promise<void> {
  for (const [target, own] of paths()) {
    const answer = await send(dev.url, target, { ...own, ...headers });
    expect({ target, status: answer.status }).toEqual({ target, status: 403 });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  }
}

async function expectServed(headers: Readonly<Record<string, string>>): Promise<void> {
  for (const [target, own] of paths()) {
    const { status } = await send(dev.url, target, { ...own, ...headers });
    expect({ target, refused: status === 403 }).toEqual({ target, refused: false });
  }
}

describe("Host", () => {
  test.each([
    "evil.example",
    "evil.example:3000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.168.0.10",
    "localhost, evil.example",
    "localhost@evil.example",
    "0.0.0.0",
    "",
  ])("%p is refused on every path", (host) => expectRefused({ host }), TIMEOUT);

  test.each([
    "localhost",
    "localhost:5000",
    "app.localhost",
    "127.0.0.1",
    "[::1]:3000",
    "my-laptop.local",
  ])("%p is this machine, or named in DEV_HOSTS", (host) => expectServed({ host }), TIMEOUT);
});

describe("Origin", () => {
  test.each(["https://evil.example", "http://localhost:1", "null", "file://", "http://127.0.0.1"])(
    "%p is refused on every path",
    (origin) => expectRefused({ origin }),
    TIMEOUT,
  );

  test("its own is served", () => expectServed({ origin: dev.url }), TIMEOUT);
});

describe("Sec-Fetch-Site", () => {
  test.each(["cross-site", "same-site"])(
    "%p is refused on every path",
    (site) => expectRefused({ "sec-fetch-site": site }),
    TIMEOUT,
  );

  test("a frame on a foreign page is refused", async () => {
    await expectRefused({
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    });
  });

  test("a link on a foreign page leads here", async () => {
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await send(dev.url, "/", headers)).status).toBe(200);
  });
});

describe("files", () => {
  const targets = (folder: string) => {
    const files = [`${folder}/.env`, `${folder}/src/server/api.ts`, "/etc/passwd"];
    const relative = [".env", "src/server/api.ts", "src/dev.ts", "package.json", "bunfig.toml"];
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

  test(
    "nothing but the page and what belongs to it is ever served",
    async () => {
      for (const target of targets(copy.folder)) {
        for (const headers of [{}, { accept: "text/html" }, { accept: "image/*" }]) {
          const { status, body, headers: received } = await send(dev.url, target, headers);
          const page = body.startsWith("<!doctype html>") && body.includes('<div id="root">');
          const told = status >= 400 || page ? "nothing" : body.slice(0, 200);
          expect({ target, told }).toEqual({ target, told: "nothing" });
          expect(body).not.toContain(SECRET);
          expect(body).not.toContain("root:x:0");
          expect(received.get("access-control-allow-origin")).toBeNull();
        }
      }
    },
    TIMEOUT,
  );

  test(
    "page, script, styles and source maps hold the PUBLIC_ variables and nothing of the server",
    async () => {
      const page = (await send(dev.url, "/")).body;
      const assets = [...page.matchAll(/(?:src|href)="(\/_bun\/[^"]+)"/g)].map(([, path]) => path);
      const sourceMap = `/_bun/client/${/sourceMappingURL=\/_bun\/client\/(\S+)/.exec((await send(dev.url, script)).body)?.[1]}`;
      const answers: Answer[] = [];
      for (const path of [...assets, sourceMap]) {
        const answer = await send(dev.url, path ?? "");
        expect({ path, status: answer.status }).toEqual({ path, status: 200 });
        answers.push(answer);
      }
      const everything = [page, ...answers.map(({ body }) => body)].join("\n");
      const sources = everything.match(/"file:[^"]+"/g) ?? [];
      expect(sources.some((source) => source.endsWith('/src/page/Home.tsx"'))).toBe(true);
      expect(sources.filter((source) => /\/src\/(server|dev|env|app)/.test(source))).toEqual([]);
      expect(everything.includes("A public title")).toBe(true);
      expect(everything.includes(SECRET)).toBe(false);
    },
    TIMEOUT,
  );
});
