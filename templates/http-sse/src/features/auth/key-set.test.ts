// Tokens of an identity provider: keys from a file or a URL, rotation, outages, and settings that are refused.
import { expect, spyOn, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "hono/jwt";
import { TestServer } from "../../../test/server.ts";
import { KeySet } from "./key-set.ts";
import { bearer, SECRET, signWith } from "./test-tokens.ts";

type Algorithm = "ES256" | "RS256" | "EdDSA";

const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  EdDSA: { name: "Ed25519" },
};

/** A key pair: its entry in the key set, and a function that signs a token. */
async function createKey(kid: string, alg: Algorithm = "ES256") {
  const pair = (await crypto.subtle.generateKey(ALGORITHMS[alg], true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const { publicKey, privateKey } = pair;
  const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid, alg, use: "sig" };
  const secret = { ...(await crypto.subtle.exportKey("jwk", privateKey)), kid, alg };
  const token = () => sign({ subscribe: ["a"] }, secret as never, alg);
  return { jwk, token, privateKey };
}

const statusOf = async (server: TestServer, token: string) =>
  (await server.fetch("/api/messages?topic=a", { headers: bearer(token) })).status;

test("accepts keys of each kind, and those that are added later, without a request per token", async () => {
  const keys = [await createKey("1"), await createKey("2", "RS256"), await createKey("3", "EdDSA")];
  const later = await createKey("4");
  let published = keys.map(({ jwk }) => jwk);
  let requests = 0;
  let isDown = false;
  using provider = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      requests += 1;
      return isDown ? new Response(null, { status: 500 }) : Response.json({ keys: published });
    },
  });
  await using server = await TestServer.start({ AUTH_JWKS: provider.url.href });
  for (const { token } of keys) expect(await statusOf(server, await token())).toBe(200);
  const forged = await createKey("1");
  expect(await statusOf(server, await forged.token())).toBe(401);
  const symmetric = await sign({ subscribe: ["a"] }, SECRET, "HS256");
  for (let i = 0; i < 50; i++) expect(await statusOf(server, symmetric)).toBe(401);
  for (let i = 0; i < 50; i++) expect(await statusOf(server, await later.token())).toBe(401);
  expect(requests).toBeLessThan(5);

  published = [...published, later.jwk];
  while ((await statusOf(server, await later.token())) !== 200) await Bun.sleep(200);
  // The keys that are known stay valid while the provider is down.
  isDown = true;
  expect(await statusOf(server, await (await createKey("5")).token())).toBe(401);
  expect(await statusOf(server, (await keys[0]?.token()) ?? "")).toBe(200);
});

test("a token without a key id is verified with every key that fits", async () => {
  const keys = [await createKey("1", "RS256"), await createKey("2"), await createKey("3")];
  using provider = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    // The first entry is not a key, which must not make the others unusable.
    fetch: () => Response.json({ keys: [{ kid: "0" }, ...keys.map(({ jwk }) => jwk)] }),
  });
  await using server = await TestServer.start({ AUTH_JWKS: provider.url.href });
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const sign = (privateKey: CryptoKey) =>
    signWith({ alg: "ES256", typ: "at+jwt" }, { subscribe: ["a"] }, algorithm, privateKey);
  for (const { privateKey } of keys.slice(1)) {
    expect(await statusOf(server, await sign(privateKey))).toBe(200);
  }
  expect(await statusOf(server, await sign((await createKey("3")).privateKey))).toBe(401);
});

test("while the set is read, also in the background, only tokens of unknown keys wait for it", async () => {
  const [known, added, other] = [await createKey("1"), await createKey("2"), await createKey("3")];
  let published = [known.jwk];
  const reading = Promise.withResolvers<void>();
  let isHeld = false;
  using provider = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch() {
      if (isHeld) await reading.promise;
      return Response.json({ keys: published });
    },
  });
  using timer = spyOn(globalThis, "setInterval");
  const set = await KeySet.open(provider.url.href);
  const [refresh] = timer.mock.calls.at(-1) ?? [];
  published = [known.jwk, added.jwk, other.jwk];
  isHeld = true;
  // An unknown key causes a read only some seconds after the last one.
  const later = performance.now() + 120_000;
  using _ = spyOn(performance, "now").mockReturnValue(later);
  expect(await set.keys("1")).toHaveLength(1);
  const waiting = ["2", "2", "3"].map((kid) => set.keys(kid));
  expect(await set.keys("1")).toHaveLength(1);
  // A token that names no key does not wait.
  expect(await set.keys(undefined)).toHaveLength(1);
  reading.resolve();
  for (const keys of await Promise.all(waiting)) expect(keys).toHaveLength(1);
  expect(await set.keys(undefined)).toHaveLength(3);
  // A removed key stops working even if no token with an unknown key arrives.
  published = [added.jwk];
  refresh?.();
  while ((await set.keys("1")).length > 0) await Bun.sleep(10);
});

test("a key set in a file is read again, too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "http-sse-keys-"));
  const file = join(folder, "keys.json");
  const [first, second] = [await createKey("1"), await createKey("2")];
  await Bun.write(file, JSON.stringify({ keys: [first.jwk] }));
  {
    await using server = await TestServer.start({ AUTH_JWKS: file });
    expect(await statusOf(server, await first.token())).toBe(200);
    await Bun.write(file, JSON.stringify({ keys: [second.jwk] }));
    while ((await statusOf(server, await second.token())) !== 200) await Bun.sleep(200);
    expect(await statusOf(server, await first.token())).toBe(401);
  }
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["both variables", { AUTH_SECRET: SECRET, AUTH_JWKS: "keys.json" }, "AUTH_SECRET and AUTH_JWKS"],
  ["a key set that does not exist", { AUTH_JWKS: "missing.json" }, "AUTH_JWKS"],
  ["a file without keys", { AUTH_JWKS: join(import.meta.dir, "../../../package.json") }, "no keys"],
  ["a key set that cannot be reached", { AUTH_JWKS: "http://127.0.0.1:1/keys" }, "AUTH_JWKS"],
  ["a short secret", { AUTH_SECRET: "x".repeat(31) }, "AUTH_SECRET"],
  ["topics that are none", { AUTH_SECRET: SECRET, PUBLIC_TOPICS: "a//b" }, "PUBLIC_TOPICS"],
])("refuses %s at start", async (_, env, named) => {
  const folder = await mkdtemp(join(tmpdir(), "key-set-"));
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../../main.ts")], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH ?? "",
      PORT: "0",
      DATA_DIR: folder,
      ...env,
    },
    stdout: "ignore",
    stderr: "pipe",
  });
  const error = await new Response(child.stderr).text();
  expect(await child.exited).toBe(1);
  await rm(folder, { recursive: true });
  expect(error).toContain(named);
  expect(error).not.toContain(SECRET);
});
