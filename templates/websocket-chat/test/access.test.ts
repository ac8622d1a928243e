// Who gets in: sessions, origins, limits, and what each refusal looks like.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { parseOrigin } from "../src/origin.ts";
import { SESSION_SECONDS, sign, verify } from "../src/session.ts";
import { Socket, startSession } from "./person.ts";
import { RawSocket } from "./raw.ts";
import { ChatServer, TIMEOUT, until } from "./server.ts";

setDefaultTimeout(TIMEOUT);

let server: ChatServer;
beforeAll(async () => {
  server = await ChatServer.start({
    ALLOWED_ORIGINS: "https://chat.example, http://localhost:8080",
    RATE_LIMIT: "5",
  });
});
afterAll(() => server[Symbol.asyncDispose]());

/** The handshake's status, and the problem if it was refused. */
async function handshake(headers: Record<string, string>, url = server.url) {
  const { head, socket } = await RawSocket.open(url, headers);
  socket[Symbol.dispose]();
  const [status = "", ...lines] = head.split("\r\n");
  const fields = lines.map((line) => line.split(": ", 2) as [string, string]);
  return { status: Number(status.split(" ")[1]), headers: new Headers(fields) };
}

/** What a cookie says, whoever signed it. */
function claims(cookie: string): { id: string; name: string } {
  const payload = cookie.replace("chat_session=", "").split(".")[0] ?? "";
  const { id, name } = JSON.parse(Buffer.from(payload, "base64url").toString());
  return { id, name };
}

describe("session", () => {
  test("POST sets a signed cookie that scripts and other sites can't use", async () => {
    const response = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "  Ada  " }),
    });
    expect(response.status).toBe(201);
    const person = await response.json();
    expect(person).toEqual({ id: expect.any(String), name: "Ada" });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/; Path=\/.*; Max-Age=604800; HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain("Secure");
    const headers = { cookie: cookie.split(";", 1)[0] ?? "" };
    const whoami = await fetch(`${server.url}/api/session`, { headers });
    expect(await whoami.json()).toEqual(person);
  });

  test("behind TLS the cookie is Secure", async () => {
    const response = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-proto": "https" },
      body: '{"name":"Ada"}',
    });
    expect(response.headers.get("set-cookie")).toContain("; Secure");
  });

  test("a new name keeps the person", async () => {
    const cookie = await startSession(server.url, "Ada");
    const renamed = await startSession(server.url, "Countess", cookie);
    expect(claims(renamed)).toEqual({ id: claims(cookie).id, name: "Countess" });
  });

  test("DELETE removes the cookie, and GET without one is 401", async () => {
    const response = await fetch(`${server.url}/api/session`, { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await fetch(`${server.url}/api/session`)).status).toBe(401);
  });

  test.each([
    ["", 422],
    ["   ", 422],
    ["x".repeat(65), 422],
    ["a\u0000b", 422],
    ["\u202egnp.exe", 422],
    ["\u200b", 422],
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

  test("a cookie holds until it expires, unless it is touched", () => {
    const ada = { id: "1", name: "Ada" };
    const cookie = sign(ada, "secret", 0);
    expect(verify(cookie, "secret", SESSION_SECONDS * 1000 - 1)).toEqual(ada);
    expect(verify(cookie, "secret", SESSION_SECONDS * 1000)).toBeUndefined();
    expect(verify(cookie, "other secret", 1)).toBeUndefined();
    const [payload = "", mac = ""] = cookie.split(".");
    const eternal = Buffer.from(JSON.stringify({ ...ada, id: "2", expires: 9e15 }));
    const forged = eternal.toString("base64url");
    for (const bad of ["", ".", payload, `${payload}.`, `.${mac}`, `${forged}.${mac}`]) {
      expect(verify(bad, "secret", 1)).toBeUndefined();
    }
    expect(verify(`${cookie}.x`, "secret", 1)).toBeUndefined();
    expect(verify(`${payload}.${mac.slice(0, -2)}`, "secret", 1)).toBeUndefined();
  });

  test("production needs a SESSION_SECRET, and says so", async () => {
    const start = ChatServer.start({ NODE_ENV: "production" });
    await expect(start).rejects.toThrow(/exit 1: .*\n\s*SESSION_SECRET: required/);
  });

  test("without its data folder it says in one line what is wrong", async () => {
    const error = await ChatServer.start({ DATA_DIR: "/dev/null" }).catch(String);
    expect(error).toMatch(/^Error: exit 1: Can't open \/dev\/null \(DATA_DIR\): .*\n$/);
  });

  test("in development a session survives a restart without one", async () => {
    await using own = await ChatServer.start();
    const cookie = await startSession(own.url, "Ada");
    await own.crash();
    await own.restart();
    using socket = await Socket.openAs(own.url, cookie);
    expect(socket.you.name).toBe("Ada");
  });
});

describe("upgrade", () => {
  test("without a session, or with a forged one, it is 401", async () => {
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

  test("home are the own origin, the allow-list, and clients without one", async () => {
    const cookie = await startSession(server.url, "Ada");
    const { host } = new URL(server.url);
    const home = [server.url, "https://chat.example", "http://localhost:8080"];
    const foreign = [
      "null",
      `https://${host}`,
      "http://chat.example",
      "https://chat.example.evil.example",
      "https://evil-chat.example",
      "https://chat.example:8443",
      `http://${host}.evil.example`,
      "http://localhost",
    ];
    for (const strange of ["%%", "[", "a b"]) {
      const refused = await handshake({ cookie, origin: server.url, host: strange });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.status).toBeLessThan(500);
    }
    const status = async (origin: string) => (await handshake({ cookie, origin })).status;
    for (const origin of home) expect([origin, await status(origin)]).toEqual([origin, 101]);
    for (const origin of foreign) expect([origin, await status(origin)]).toEqual([origin, 403]);
    expect((await handshake({ cookie })).status).toBe(101);
  });

  test("an entry of the allow-list has to be a bare origin", () => {
    expect(parseOrigin("https://chat.example/")).toBe("https://chat.example");
    for (const bad of ["*", "chat.example", "https://a.example/path", "file:///", "null"]) {
      expect(parseOrigin(bad)).toBeUndefined();
    }
  });

  test("a plain GET is 426, other methods 405", async () => {
    const cookie = await startSession(server.url, "Ada");
    const plain = await fetch(`${server.url}/ws`, { headers: { cookie } });
    expect(plain.status).toBe(426);
    expect(plain.headers.get("upgrade")).toBe("websocket");
    expect((await fetch(`${server.url}/ws`, { method: "POST" })).status).toBe(405);
  });

  test("more connections than a person may have are 429, than the server takes 503", async () => {
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
    for (const tab of tabs) tab.cut();
    const again = async () => (await handshake({ cookie: ada.cookie }, url)).status === 101;
    await until(again, "there is room again");
  });
});

describe("rate limit", () => {
  test("counts the messages of a person over all their connections", async () => {
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
    await bob.chat("busy", "Others are not held back.");
  });

  test("floods of other frames end in rate_limited, too", async () => {
    using ada = await Socket.open(server.url, "Ada");
    for (let i = 0; i < 200; i++) ada.raw("{");
    expect(await ada.next("error", ({ code }) => code === "rate_limited")).toBeDefined();
  });
});
