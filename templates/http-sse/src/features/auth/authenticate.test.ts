// Private streams: which tokens are accepted, what they allow, where they are logged, when they expire.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "hono/jwt";
import { parseEnv } from "#lib/env";
import { Lifecycle } from "#lib/service";
import { TestServer } from "../../../test/server.ts";
import { access } from "../../access.ts";
import { createApp } from "../../app.ts";
import { schema } from "../../env.ts";
import { bearer, type Claims, SECRET, seconds, signWith, tokenOf } from "./test-tokens.ts";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    AUTH_SECRET: SECRET,
    AUTH_AUDIENCE: "api",
    AUTH_ISSUER: "login",
    PUBLIC_TOPICS: "general, news/*,",
    LOG_LEVEL: "trace",
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const valid = (claims: Claims) => tokenOf({ aud: "api", iss: "login", ...claims });
const all = () => valid({ publish: ["*"], subscribe: ["*"] });

async function ask(path: string, token?: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, ...(token === undefined ? {} : bearer(token)) };
  const abort = new AbortController();
  const response = await server.fetch(path, { ...init, headers, signal: abort.signal });
  if (response.headers.get("content-type") === "text/event-stream") abort.abort();
  return response;
}

const publish = (topic: string, token?: string) =>
  ask("/api/messages", token, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "x", topic }),
  });

async function expectRefused(response: Response, status: 401 | 403): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("www-authenticate")).toStartWith("Bearer");
  expect(await response.json()).toMatchObject({ status });
}

/** A token that `SECRET` signs, with this type in its header. */
async function tokenOfType(typ: string | undefined): Promise<string> {
  const secret = new TextEncoder().encode(SECRET);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const header = { alg: "HS256", ...(typ === undefined ? {} : { typ }) };
  return signWith(header, { aud: "api", iss: "login", subscribe: ["a"] }, "HMAC", key);
}

test.each(["JWT", "at+jwt", "application/at+jwt", undefined])(
  "a token of the type %s is accepted",
  async (typ) => {
    const response = await ask("/api/messages?topic=a", await tokenOfType(typ));
    expect(response.status).toBe(200);
  },
);

test("a token of an issuer whose clock is ahead by some seconds is accepted", async () => {
  const token = await valid({ subscribe: ["a"], iat: seconds(10), nbf: seconds(10) });
  expect((await ask("/api/messages?topic=a", token)).status).toBe(200);
});

describe("a token is refused", () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { aud: "api", iss: "login", publish: ["*"], subscribe: ["*"] };
  test.each<[string, () => string | Promise<string>]>([
    ["that is not a JWT", () => "x"],
    ["that is empty", () => ""],
    ["with three empty parts", () => ".."],
    [
      "with another secret",
      () => sign(claims, "another secret that has 32 bytes or more", "HS256"),
    ],
    ["with another algorithm", () => sign(claims, SECRET, "HS512")],
    ["with alg none", () => `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`],
    ["with alg NONE", () => `${part({ alg: "NONE" })}.${part(claims)}.AAAA`],
    [
      "whose payload was replaced",
      async () => {
        const [header, , signature] = (await all()).split(".");
        return `${header}.${part({ ...claims, publish: ["a"] })}.${signature}`;
      },
    ],
    ["without its signature", async () => (await all()).split(".").slice(0, 2).join(".")],
    ["that has expired", () => valid({ ...claims, exp: seconds(-1) })],
    ["whose exp is not a number", () => valid({ ...claims, exp: "never" as never })],
    ["that is not valid yet", () => valid({ ...claims, nbf: seconds(60) })],
    ["whose nbf is not a number", () => valid({ ...claims, nbf: "now" as never })],
    ["for another audience", () => valid({ ...claims, aud: "other" })],
    ["for no audience", () => tokenOf({ iss: "login", publish: ["*"], subscribe: ["*"] })],
    ["of another issuer", () => valid({ ...claims, iss: "other" })],
    ["of another type", () => tokenOfType("logout+jwt")],
    ["of 10 kB", () => valid({ ...claims, padding: "x".repeat(10_000) })],
    ["whose claims are not lists", () => valid({ ...claims, publish: "*" as never })],
    ["whose claims are not topics", () => valid({ ...claims, subscribe: ["a//b"] })],
  ])("%s", async (_, make) => {
    const token = await make();
    await expectRefused(await publish("general", token), 401);
    // A public topic needs no token, but a bad one is an error of the client.
    await expectRefused(await ask("/api/messages", token), 401);
    await expectRefused(await ask(`/api/events?access_token=${token}`), 401);
  });

  test("in a header without a token, or with two", async () => {
    for (const authorization of ["Bearer", "bearer  ", "Bearer a b", "Bearer,a"]) {
      const response = await server.fetch("/api/messages", { headers: { authorization } });
      await expectRefused(response, 401);
    }
  });
});

test("without a token only PUBLIC_TOPICS can be read, and nothing can be written", async () => {
  for (const topic of ["general", "news/a", "a"]) await expectRefused(await publish(topic), 401);
  for (const path of ["/api/messages", "/api/events"]) {
    for (const query of ["", "?topic=general", "?topic=news/*", "?topic=news/a&topic=general"]) {
      expect([query, (await ask(path + query)).status]).toEqual([query, 200]);
    }
    for (const query of ["?topic=a", "?topic=news", "?topic=general&topic=a", "?topic=general/*"]) {
      await expectRefused(await ask(path + query), 401);
    }
  }
  const token = await all();
  const [open, secret] = [await publish("news/a", token), await publish("a", token)];
  expect((await ask(open.headers.get("location") ?? "")).status).toBe(200);
  await expectRefused(await ask(secret.headers.get("location") ?? ""), 401);
  const { items } = (await (await ask("/api/messages?limit=100")).json()) as {
    items: { topic: string }[];
  };
  expect(new Set(items.map(({ topic }) => topic))).toEqual(new Set(["news/a"]));
});

test("a header of another scheme, which may be meant for a proxy, is ignored", async () => {
  const token = await valid({ subscribe: ["a"] });
  for (const authorization of ["Basic YTpi", token, "Bearerx y"]) {
    const read = (path: string) => server.fetch(path, { headers: { authorization } });
    expect((await read("/api/messages")).status).toBe(200);
    await expectRefused(await read("/api/messages?topic=a"), 401);
    expect((await read(`/api/messages?topic=a&access_token=${token}`)).status).toBe(200);
    await expectRefused(await read("/api/messages?access_token=bad"), 401);
  }
});

test("a token allows what its claims list, and nothing else", async () => {
  const token = await valid({ publish: ["a", "b/*"], subscribe: ["c", "d/*"] });
  for (const topic of ["a", "b/x", "b/x/y"]) expect((await publish(topic, token)).status).toBe(201);
  for (const topic of ["general", "b", "ab", "a/x", "c"])
    await expectRefused(await publish(topic, token), 403);
  for (const path of ["/api/messages", "/api/events"]) {
    for (const query of ["", "?topic=c", "?topic=d/*", "?topic=d/x/*&topic=c"]) {
      expect([query, (await ask(path + query, token)).status]).toEqual([query, 200]);
    }
    for (const query of [
      "?topic=a",
      "?topic=general",
      "?topic=d",
      "?topic=c/*",
      "?topic=c&topic=e",
    ]) {
      await expectRefused(await ask(path + query, token), 403);
    }
  }
  await expectRefused(await ask("/api/events", await valid({ publish: ["*"] })), 403);
});

test("without a topic, a stream carries everything that the token covers", async () => {
  const token = await valid({ publish: ["*"], subscribe: ["c", "d/*"] });
  using client = await server.events(bearer(token));
  for (const topic of ["a", "c", "d", "d/x", "general"]) await publish(topic, token);
  const topics = [await client.next(), await client.next()].map(
    (event) => JSON.parse(event?.data ?? "").topic,
  );
  expect(topics).toEqual(["c", "d/x"]);
});

test("a route that declares its access needs a token wherever it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-auth-"));
  const service = new Lifecycle();
  try {
    const env = parseEnv(schema, { AUTH_SECRET: SECRET, DATA_DIR: folder });
    const app = await createApp(env, service);
    app.get("/outside", access("subscribe"), (c) => c.json(c.get("grant").requireSubscribe()));
    app.post("/outside", access("publish"), (c) => c.text("published"));
    await expectRefused(await app.request("/outside", { method: "POST" }), 401);
    expect(await (await app.request("/outside")).json()).toEqual(["general"]);
    const headers = bearer(await tokenOf({ subscribe: ["a"] }));
    expect(await (await app.request("/outside", { headers })).json()).toEqual(["a"]);
  } finally {
    await service.close();
    await rm(folder, { recursive: true });
  }
});

test("routes that declare no access ignore the header, which may be meant for a proxy", async () => {
  const paths = [
    "/healthz",
    "/readyz",
    // #region page
    "/",
    // #endregion
    // #region openapi
    "/docs",
    "/openapi.json",
    // #endregion
  ];
  for (const path of paths) {
    const response = await server.fetch(path, { headers: { authorization: "Basic YTpi" } });
    expect([path, response.status]).toEqual([path, 200]);
  }
});

test("a client that guesses the id of a message does not learn its topic", async () => {
  const path = (await publish("secret/a", await all())).headers.get("location") ?? "";
  const token = await valid({ publish: ["general"], subscribe: ["general"] });
  for (const method of ["GET", "DELETE"]) {
    const response = await ask(path, token, { method });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain("secret");
  }
});

test("deleting needs a token that may publish there", async () => {
  const path = (await publish("a", await all())).headers.get("location") ?? "";
  const init = { method: "DELETE" };
  await expectRefused(await ask(path, undefined, init), 401);
  await expectRefused(
    await ask(path, await valid({ publish: ["b"], subscribe: ["*"] }), init),
    403,
  );
  expect((await ask(path, await valid({ publish: ["a"] }), init)).status).toBe(204);
});

// #region uploads
test("access to uploads is access to the topic `uploads`", async () => {
  const send = (token?: string) => ask("/api/uploads?name=x", token, { method: "POST", body: "x" });
  await expectRefused(await send(), 401);
  await expectRefused(await send(await valid({ publish: ["general"] })), 403);
  const stored = await send(await valid({ publish: ["uploads"] }));
  expect(stored.status).toBe(201);
  const path = stored.headers.get("location") ?? "";
  await expectRefused(await ask(path), 401);
  await expectRefused(await ask(path, await valid({ subscribe: ["general"] })), 403);
  expect((await ask(path, await valid({ subscribe: ["uploads"] }))).status).toBe(200);
  // #region jobs
  const start = (token?: string) => ask(`${path}/analysis`, token, { method: "POST" });
  await expectRefused(await start(), 401);
  await expectRefused(await start(await valid({ publish: ["general"] })), 403);
  const started = await start(await valid({ publish: ["uploads"] }));
  expect(started.status).toBe(202);
  const job = started.headers.get("location") ?? "";
  await expectRefused(await ask(job), 401);
  await expectRefused(await ask(job, await valid({ subscribe: ["uploads"] })), 403);
  expect((await ask(job, await valid({ subscribe: ["jobs/*"] }))).status).toBe(200);
  const cancel = { method: "DELETE" };
  await expectRefused(await ask(job, undefined, cancel), 401);
  await expectRefused(await ask(job, await valid({ publish: ["uploads"] }), cancel), 403);
  expect((await ask(job, await valid({ publish: ["jobs/*"] }), cancel)).status).toBe(200);
  // #endregion
});
// #endregion

test("the log says at debug why a token was refused", async () => {
  const cases = [
    [await valid({ exp: seconds(-1) }), "refused a token: JwtTokenExpired"],
    [await valid({ publish: ["a"], subscribe: ["a//b"] }), "refused a token: ZodError subscribe.0"],
  ] as const;
  for (const [token, reason] of cases) {
    await expectRefused(await ask("/api/messages", token), 401);
    while (!server.output.includes(reason)) await Bun.sleep(10);
  }
});

test("a token in the query is never logged, whatever the level and the result", async () => {
  const good = await all();
  const bad = `${good}bad`;
  for (const token of [good, bad]) {
    for (const path of ["/api/messages", "/api/events", "/api/messages/x", "/api/nothing"]) {
      for (const method of ["GET", "POST", "PATCH"]) {
        await ask(`${path}?access_token=${token}`, undefined, { method });
        await ask(path, token, { method });
      }
    }
  }
  const { length } = server.output;
  await ask("/healthz?last=1");
  while (!server.output.slice(length - 1).includes("/healthz")) await Bun.sleep(10);
  expect(server.output).toContain("/api/messages");
  for (const secret of good.split(".").slice(1)) expect(server.output).not.toContain(secret);
  expect(server.output).not.toContain(SECRET);
});

test("a stream closes when its token expires, and resumes with a new one", async () => {
  const token = await valid({ publish: ["a"], subscribe: ["a"], exp: seconds(3) });
  using client = await server.events({}, `?topic=a&access_token=${token}`);
  await publish("a", await all());
  const seen = await client.next();
  expect(await client.next()).toBeUndefined();
  await expectRefused(await ask(`/api/events?topic=a&access_token=${token}`), 401);
  const missed = (await (await publish("a", await all())).json()) as { id: string };
  using resumed = await server.events(
    { "last-event-id": seen?.id ?? "", ...bearer(await all()) },
    "?topic=a",
  );
  expect((await resumed.next())?.id).toBe(missed.id);
});

test("a secret that looks like a PEM file is a secret", async () => {
  const secret = "-----BEGIN PUBLIC KEY-----AAAAAAAAAAAAAAAA";
  await using other = await TestServer.start({ AUTH_SECRET: secret });
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const token = await sign({ subscribe: ["a"] }, key, "HS256");
  const response = await other.fetch("/api/messages?topic=a", { headers: bearer(token) });
  expect(response.status).toBe(200);
});

test("without both variables the API is open, and the log says so once", async () => {
  await using open = await TestServer.start();
  await open.post("x", {}, "private");
  expect((await open.fetch("/api/messages?topic=private")).status).toBe(200);
  const { output } = await open.stop();
  expect(output.split("the API is open")).toHaveLength(2);
});
