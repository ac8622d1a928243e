// Access: sessions, origins, limits, and the response to each refusal.
import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hc } from "hono/client";
import type { App } from "../src/app.ts";
import { SESSION_SECONDS } from "../src/features/session/cookie.ts";
import { RawSocket } from "./raw.ts";
import { ChatServer, until } from "./server.ts";
import { Socket, startSession } from "./socket.ts";

const SECRET = "a secret of the tests";

const server = ChatServer.shared({
  ALLOWED_ORIGINS: "https://chat.example, http://localhost:8080",
  SESSION_SECRET: SECRET,
  RATE_LIMIT: "5",
});

/** The status and the headers of the response to a handshake. */
async function handshake(headers: Record<string, string>, url = server.url) {
  const { head, socket } = await RawSocket.open(url, headers);
  socket[Symbol.dispose]();
  const [status = "", ...lines] = head.split("\r\n");
  const fields = lines.map((line) => line.split(": ", 2) as [string, string]);
  return { status: Number(status.split(" ")[1]), headers: new Headers(fields) };
}

/** The claims of a cookie; the signature is not checked. */
function claims(cookie: string): Claims {
  const payload = cookie.replace("chat_session=", "").split(".")[0] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

/** A cookie with these claims, signed as the server signs it. */
function sign(claims: Claims, secret: string): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const signature = createHmac("sha256", secret).update(payload).digest("base64");
  return `chat_session=${payload}.${encodeURIComponent(signature)}`;
}

interface Claims {
  readonly id: string;
  readonly name: string;
  readonly session: string;
  readonly expires: number;
}

describe("session", () => {
  test("POST sets a signed cookie that scripts and other sites cannot use", async () => {
    const response = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "  Ada  " }),
    });
    expect(response.status).toBe(201);
    const user = await response.json();
    expect(user).toEqual({ id: expect.any(String), name: "Ada" });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain("Secure");
    const headers = { cookie: cookie.split(";", 1)[0] ?? "" };
    const whoami = await fetch(`${server.url}/api/session`, { headers });
    expect(await whoami.json()).toEqual(user);
  });

  test.each(["https", "HTTPS", "https,http"])(
    "behind TLS (%s) the cookie is Secure",
    async (protocol) => {
      const response = await fetch(`${server.url}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-proto": protocol },
        body: '{"name":"Ada"}',
      });
      expect(response.headers.get("set-cookie")).toContain("; Secure");
    },
  );

  test.each([
    ["for=192.0.2.1;proto=https", true],
    ['Proto="HTTPS";host=a, proto=http', true],
    ["proto=http, proto=https", false],
  ])("behind TLS (Forwarded: %s), Secure is %p", async (forwarded, isSecure) => {
    const response = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", forwarded },
      body: '{"name":"Ada"}',
    });
    expect(response.headers.get("set-cookie")?.includes("; Secure")).toBe(isSecure);
  });

  test("a new name keeps the user id", async () => {
    const cookie = await startSession(server.url, "Ada");
    const renamed = await startSession(server.url, "Countess", cookie);
    expect(claims(renamed)).toMatchObject({ id: claims(cookie).id, name: "Countess" });
  });

  test("DELETE removes the cookie, and GET without one is 401", async () => {
    const { session } = hc<App>(server.url).api;
    const response = await session.$delete();
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await session.$get()).status as number).toBe(401);
  });

  test.each([
    ["", 422],
    ["   ", 422],
    ["x".repeat(65), 422],
    ["a\u0000b", 422],
    ["\u202egnp.exe", 422],
    ["\u200b", 422],
    // No glyph: Hangul fillers and the Braille blank.
    ["\u3164", 422],
    ["\uffa0", 422],
    ["\u2800", 422],
    ["\u{13441}", 422],
    ["\u{13442}", 422],
    // They look like "Ada".
    ["Ada\u200b", 422],
    ["Ada\u00ad", 422],
    ["Ada\u061c", 422],
    ["Ada\u{e0041}", 422],
    ["A\u200dda", 422],
    ["A\u200cda", 422],
    ["می\u200c", 422],
    ["م\u200c\u200cی", 422],
    ["Ada1\ufe0f", 422],
    ["1\u200d1", 422],
    ["Ada\u{16fe4}", 422],
    ["Ada\u{13441}", 422],
    [7, 422],
    [undefined, 422],
  ])("the name %j is refused", async (name, status) => {
    const response = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ errors: [{ pointer: "/name" }] });
  });

  test.each([
    ...["👩🏽‍💻", "Ada 👍🏽", "1️⃣", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"],
    // Joiners that the spelling needs.
    ...["می\u200cخواهم", "क्\u200dष", "ന്\u200dന"],
  ])("the name %s with invisible characters in their place is accepted", async (name) => {
    using socket = await Socket.open(server.url, name);
    expect(socket.you.name).toBe(name);
  });

  test("a cookie is valid until it expires, and only with its own signature", async () => {
    const status = async (cookie: string) =>
      (await fetch(`${server.url}/api/session`, { headers: { cookie } })).status;
    const cookie = await startSession(server.url, "Ada");
    const { expires, ...user } = claims(cookie);
    const lifetime = SESSION_SECONDS * 1000;
    expect(Math.abs(expires - Date.now() - lifetime)).toBeLessThan(lifetime / 2);
    expect(await status(cookie)).toBe(200);
    expect(await status(sign({ ...user, expires: Date.now() + lifetime }, SECRET))).toBe(200);
    expect(await status(sign({ ...user, expires: Date.now() }, SECRET))).toBe(401);
    expect(await status(sign({ ...user, expires }, "another secret"))).toBe(401);
    const [payload = "", signature = ""] = cookie.replace("chat_session=", "").split(".");
    const [forged = ""] = sign({ ...user, id: "2", expires }, SECRET).split(".");
    const invalid = ["", ".", payload, `${payload}.`, `.${signature}`, `${payload}.${signature}x`];
    for (const value of [...invalid, `${payload}.${signature.slice(0, -4)}`]) {
      expect([value, await status(`chat_session=${value}`)]).toEqual([value, 401]);
    }
    expect(await status(`${forged}.${signature}`)).toBe(401);
  });

  test("a start in production without SESSION_SECRET fails with a message", async () => {
    const start = ChatServer.start({ NODE_ENV: "production" });
    await expect(start).rejects.toThrow(/exit 1: .*\n\s*SESSION_SECRET: required/);
  });

  test("a start without a usable data folder fails with a message", async () => {
    const error = await ChatServer.start({ DATA_DIR: "/dev/null" }).catch(String);
    expect(error).toMatch(/^Error: exit 1: Can't store data in \/dev\/null .*\nSet DATA_DIR .*\n$/);
  });

  test.skipIf(process.platform === "win32")(
    "a start on a full disk leaves nothing behind",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "chat-full-"));
      const main = join(import.meta.dir, "../src/main.ts");
      // No file may have content, so a write fails as on a full disk.
      const command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", process.execPath, main];
      const env = { PATH: process.env.PATH, PORT: "0", DATA_DIR: directory };
      const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "pipe" });
      expect(await new Response(child.stderr).text()).toContain(`Can't store data in ${directory}`);
      expect(await readdir(directory)).toEqual([]);
      await rm(directory, { recursive: true });
    },
  );

  test("in development, a session survives a restart without SESSION_SECRET", async () => {
    await using own = await ChatServer.start();
    const cookie = await startSession(own.url, "Ada");
    await own.crash();
    await own.restart();
    using socket = await Socket.openAs(own.url, cookie);
    expect(socket.you.name).toBe("Ada");
  });
});

describe("pages of other origins", () => {
  const send = (method: string, origin: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/session`, {
      method,
      headers: { "content-type": "application/json", origin, ...headers },
      ...(method === "POST" ? { body: '{"name":"Ada"}' } : {}),
    });

  test("of ALLOWED_ORIGINS may sign in and out, and read the responses", async () => {
    for (const origin of ["https://chat.example", "http://localhost:8080"]) {
      for (const [method, status] of [
        ["POST", 201],
        ["GET", 401],
        ["DELETE", 204],
      ] as const) {
        const response = await send(method, origin, { "sec-fetch-site": "same-site" });
        expect([method, response.status]).toEqual([method, status]);
        expect(response.headers.get("access-control-allow-origin")).toBe(origin);
        expect(response.headers.get("access-control-allow-credentials")).toBe("true");
      }
      const asked = { "access-control-request-method": "POST" };
      const headers = { ...asked, "access-control-request-headers": "content-type" };
      const preflight = await send("OPTIONS", origin, headers);
      expect(preflight.ok).toBe(true);
      expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
      expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type");
    }
  });

  test("that are not allowed may not", async () => {
    for (const origin of ["https://evil.example", "null", "https://chat.example.evil.example"]) {
      for (const method of ["POST", "DELETE"])
        expect((await send(method, origin)).status).toBe(403);
      for (const method of ["GET", "OPTIONS"]) {
        const { headers } = await send(method, origin);
        expect(headers.get("access-control-allow-origin")).toBeNull();
      }
    }
  });
});

describe("upgrade", () => {
  test("without a session, or with a forged one, the response is 401", async () => {
    for (const headers of [{}, { cookie: "chat_session=a.b" }]) {
      const refused = await handshake({ ...headers, "x-request-id": "req-1" });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(refused.headers.get("x-request-id")).toBe("req-1");
    }
  });

  test("the 101 carries the request id", async () => {
    const cookie = await startSession(server.url, "Ada");
    const given = await handshake({ cookie, "x-request-id": "req-2" });
    expect(given.status).toBe(101);
    expect(given.headers.get("x-request-id")).toBe("req-2");
    const made = await handshake({ cookie });
    expect(made.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  });

  test("the server's own origin, allowed origins and clients without an origin are accepted", async () => {
    const cookie = await startSession(server.url, "Ada");
    const { host } = new URL(server.url);
    // A proxy that terminates TLS may not forward the scheme.
    const own = [server.url, `https://${host}`];
    const allowed = [...own, "https://chat.example", "http://localhost:8080"];
    const foreign = [
      "null",
      `ftp://${host}`,
      "http://chat.example",
      "https://chat.example.evil.example",
      "https://evil-chat.example",
      "https://chat.example:8443",
      `http://${host}.evil.example`,
      "http://undefined",
      "http://localhost",
    ];
    for (const strange of ["%%", "[", "a b"]) {
      const refused = await handshake({ cookie, origin: server.url, host: strange });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.status).toBeLessThan(500);
    }
    const status = async (origin: string) => (await handshake({ cookie, origin })).status;
    for (const origin of allowed) expect([origin, await status(origin)]).toEqual([origin, 101]);
    for (const origin of foreign) expect([origin, await status(origin)]).toEqual([origin, 403]);
    expect((await handshake({ cookie })).status).toBe(101);
    const proxied = {
      cookie,
      origin: "https://public.example",
      "x-forwarded-host": "public.example",
    };
    expect((await handshake(proxied)).status).toBe(101);
    await until(
      () => /Pages of this origin may not.*evil-chat\.example/.test(server.output),
      "the refusal is logged",
    );
  });

  test("a plain GET is 426, and another method is 405", async () => {
    const cookie = await startSession(server.url, "Ada");
    const plain = await fetch(`${server.url}/ws`, { headers: { cookie } });
    expect(plain.status).toBe(426);
    expect(plain.headers.get("upgrade")).toBe("websocket");
    expect((await fetch(`${server.url}/ws`, { method: "POST" })).status).toBe(405);
  });

  test("too many connections of a user are 429, too many of the server 503", async () => {
    await using small = await ChatServer.start({
      MAX_CONNECTIONS: "6",
      MAX_CONNECTIONS_PER_USER: "3",
    });
    const { url } = small;
    const ada = await Socket.open(url, "Ada");
    const tabs = [ada];
    for (let i = 1; i < 3; i++) tabs.push(await Socket.openAs(url, ada.cookie));
    const tooMany = await handshake({ cookie: ada.cookie }, url);
    expect(tooMany.status).toBe(429);
    expect(tooMany.headers.has("retry-after")).toBe(true);
    for (let i = 3; i < 6; i++) tabs.push(await Socket.open(url, `Guest ${i}`));
    const full = await handshake({ cookie: await startSession(url, "Late") }, url);
    expect(full.status).toBe(503);
    expect(full.headers.has("retry-after")).toBe(true);
    for (const tab of tabs) tab.drop();
    const again = async () => (await handshake({ cookie: ada.cookie }, url)).status === 101;
    await until(again, "the server accepts connections again");
  });
});

describe("rate limit", () => {
  test("applies to a user, over all connections", async () => {
    using ada = await Socket.open(server.url, "Ada");
    using tab = await Socket.openAs(server.url, ada.cookie);
    await ada.join("busy");
    await tab.join("busy");
    const burst = [ada, tab].flatMap((socket) =>
      Array.from({ length: 10 }, (_, i) =>
        socket.ask({ type: "chat", room: "busy", text: "quick", key: `${i}` }),
      ),
    );
    const answers = await Promise.all(burst);
    const refused = answers.filter((answer) => answer.type === "error");
    expect(refused.length).toBeGreaterThan(5);
    for (const { code } of refused) expect(code).toBe("rate_limited");
    using bob = await Socket.open(server.url, "Bob");
    await bob.join("busy");
    await bob.chat("busy", "Other users have their own limit.");
  });

  test("every refused frame gets its reply: an error with its ref", async () => {
    using ada = await Socket.open(server.url, "Ada");
    const replies = await Promise.all(
      Array.from({ length: 150 }, (_, i) => ada.ask({ type: "join", room: `ref-${i % 5}` })),
    );
    expect(replies.some((reply) => reply.type === "error" && reply.code === "rate_limited")).toBe(
      true,
    );
  });

  test("also applies to new names, but not to a sign-in", async () => {
    using ada = await Socket.open(server.url, "Ada");
    const post = (cookie: string) =>
      fetch(`${server.url}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie },
        body: '{"name":"Countess"}',
      });
    const renames = await Promise.all(Array.from({ length: 20 }, () => post(ada.cookie)));
    const refused = renames.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(5);
    expect(refused[0]?.headers.get("retry-after")).toBe("10");
    expect(refused.length).toBeLessThan(20);
    const signIns = await Promise.all(Array.from({ length: 20 }, () => post("")));
    expect(signIns.filter(({ status }) => status !== 201)).toEqual([]);
  });

  test("also applies to invalid frames", async () => {
    using ada = await Socket.open(server.url, "Ada");
    for (let i = 0; i < 200; i++) ada.raw("{");
    expect(await ada.next("error", ({ code }) => code === "rate_limited")).toBeDefined();
  });
});
