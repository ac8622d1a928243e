// The old version is downloaded as the user configured it: scopes, tokens, proxies, and no network at all.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../src/command/environment.ts";
import type { Variables } from "../src/subprocess.ts";
import { fetchPackage } from "../src/update/registry.ts";
import {
  ForwardProxy,
  HOST,
  PrivateRegistry,
  type PrivateRegistryOptions,
  VERSION,
} from "./private-registry.ts";

setDefaultTimeout(60_000);

const root = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-download-")));
afterAll(() => rm(root, { recursive: true, force: true }));
let count = 0;

/** A user with an empty home directory and one project. */
class User {
  readonly home = join(root, `${++count}`);
  readonly project = join(this.home, "work", "app");

  static async open(files: Readonly<Record<string, string>>): Promise<User> {
    const user = new User();
    await mkdir(join(user.project, ".git"), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      await Bun.write(join(user.home, path), content);
    }
    return user;
  }

  /** Resolves to the folder of the package. */
  fetch(variables: Variables = {}, directory = this.project): Promise<string> {
    const { PATH, TMPDIR } = process.env;
    const environment: Environment = {
      ...{ argv: [], cwd: directory, home: this.home, bun: process.execPath },
      ...{ colors: { out: false, err: false }, columns: () => undefined, isTerminal: () => false },
      variables: { PATH, TMPDIR, HOME: this.home, USERPROFILE: this.home, ...variables },
      signal: new AbortController().signal,
      openKeyboard: () => {
        throw new Error("There is no terminal.");
      },
      ...{ out: () => undefined, err: () => undefined, spin: () => () => undefined },
    };
    return fetchPackage(VERSION, directory, environment);
  }
}

const APP = "work/app";

async function expectPackage(folder: Promise<string>): Promise<void> {
  const manifest = JSON.parse(await readFile(join(await folder, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ name: "create-bunyard", version: VERSION });
}

describe("a registry with a token", () => {
  const token = "secret";
  const settings: readonly [string, (url: string) => Readonly<Record<string, string>>][] = [
    ["in .npmrc", (url) => ({ [`${APP}/.npmrc`]: npmrc(url, token) })],
    ["in a variable of .npmrc", (url) => ({ [`${APP}/.npmrc`]: npmrc(url, "$" + "{TOKEN}") })],
    ["in .npmrc of the home directory", (url) => ({ ".npmrc": npmrc(url, token) })],
    [
      "in bunfig.toml",
      (url) => ({
        [`${APP}/bunfig.toml`]: `[install]\nregistry = { url = "${url}", token = "${token}" }\n`,
      }),
    ],
    [
      "in a variable of bunfig.toml",
      (url) => ({
        [`${APP}/bunfig.toml`]: `[install]\nregistry = { url = "${url}", token = "$TOKEN" }\n`,
      }),
    ],
    [
      "in .bunfig.toml of the home directory",
      (url) => ({
        ".bunfig.toml": `[install.registry]\nurl = "${url}"\ntoken = "${token}"\n`,
      }),
    ],
    [
      "beside a scope with another registry",
      (url) => ({
        [`${APP}/.npmrc`]: `@ann:registry=http://127.0.0.1:9/\n${npmrc(url, token)}`,
        [`${APP}/bunfig.toml`]: `[install.scopes]\nbob = { url = "http://127.0.0.1:9/", token = "$BOB" }\n`,
      }),
    ],
  ];

  test.each(settings)("%s", async (_, filesOf) => {
    await using registry = await PrivateRegistry.open({ token });
    const user = await User.open(filesOf(registry.origin));
    await expectPackage(user.fetch({ TOKEN: token }));
    const { requests } = registry;
    const authorizations = new Set(requests.map(({ authorization }) => authorization));
    expect([...authorizations]).toEqual([`Bearer ${token}`]);
  });

  test("refuses a wrong one, and the message says so", async () => {
    await using registry = await PrivateRegistry.open({ token });
    const user = await User.open({ [`${APP}/.npmrc`]: npmrc(registry.origin, "wrong") });
    const error = await user.fetch().catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "fetch_failed",
      message: expect.stringMatching(/create-bunyard 100\.0\.0 could not be downloaded: .*401/s),
    });
  });
});

function npmrc(url: string, token: string): string {
  return `registry=${url}/\n//${new URL(url).host}/:_authToken=${token}\n`;
}

describe("a registry behind a proxy", () => {
  test("over HTTP", async () => {
    await using registry = await PrivateRegistry.open({ origin: `http://${HOST}` });
    await using proxy = await ForwardProxy.open(registry.port);
    const user = await User.open({ [`${APP}/.npmrc`]: `registry=http://${HOST}/\n` });
    await expectPackage(user.fetch({ HTTP_PROXY: proxy.url }));
    expect(proxy.requests).toContain(`GET http://${HOST}/create-bunyard HTTP/1.1`);
  });

  const company = { registry: `https://${HOST}/`, cafile: "./certs/cert.pem" };
  const lines = Object.entries(company);
  test.each([
    ["bunfig.toml", `[install]\n${lines.map(([key, value]) => `${key} = "${value}"\n`).join("")}`],
    [".npmrc", lines.map(([key, value]) => `${key} = ${value}\n`).join("")],
  ])("over HTTPS, with the certificate of a company, relative to %s", async (name, settings) => {
    const user = await User.open({ [`${APP}/${name}`]: settings });
    const tls = await certificate(join(user.project, "certs"));
    await using registry = await PrivateRegistry.open({ origin: `https://${HOST}`, tls });
    await using proxy = await ForwardProxy.open(registry.port);
    await expectPackage(user.fetch({ HTTPS_PROXY: proxy.url }));
    expect(proxy.requests).toContain(`CONNECT ${HOST}:443 HTTP/1.1`);
  });
});

async function certificate(folder: string): Promise<NonNullable<PrivateRegistryOptions["tls"]>> {
  await mkdir(folder, { recursive: true });
  const command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`];
  const files = ["-keyout", "key.pem", "-out", "cert.pem"];
  const { exitCode, stderr } = Bun.spawnSync([...command, ...subject, ...files], { cwd: folder });
  expect(exitCode, stderr.toString()).toBe(0);
  const read = (name: string) => readFile(join(folder, name), "utf8");
  return { cert: await read("cert.pem"), key: await read("key.pem") };
}

test("without a network, the message says what is missing and what to do; a downloaded version is still there", async () => {
  const registry = await PrivateRegistry.open();
  const settings = { [`${APP}/.npmrc`]: `registry=${registry.origin}/\n` };
  const [warm, cold] = [await User.open(settings), await User.open(settings)];
  await expectPackage(warm.fetch());
  await registry[Symbol.asyncDispose]();
  await expectPackage(warm.fetch());
  const error = await cold.fetch().catch((error: unknown) => error);
  expect(error).toMatchObject({
    code: "fetch_failed",
    message: expect.stringContaining(`create-bunyard ${VERSION} could not be downloaded`),
    hint: expect.stringContaining(".npmrc"),
  });
});

test("two runs with an empty cache share the version that arrives first", async () => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({ [`${APP}/.npmrc`]: `registry=${registry.origin}/\n` });
  const inodeOf = async (folder: Promise<string>) => statSync(await folder).ino;
  const [one, other] = await Promise.all([inodeOf(user.fetch()), inodeOf(user.fetch())]);
  expect(one).toBe(other);
});

test("a damaged copy in the cache is replaced", async () => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({ [`${APP}/.npmrc`]: `registry=${registry.origin}/\n` });
  await Bun.write(join(await user.fetch(), "package.json"), "damaged");
  await expectPackage(user.fetch());
});

test.each([".npmrc", "bunfig.toml"])("a folder called %s is not a settings file", async (name) => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({
    [`${APP}/${name}/file`]: "",
    ".bunfig.toml": `[install]\nregistry = "${registry.origin}/"\n`,
  });
  await expectPackage(user.fetch());
});

test.each([
  ["frozenLockfile = true"],
  ["production = true"],
  ['linker = "isolated"'],
  ["globalStore = true"],
  ["cache.disable = true"],
])("the setting %s of the home directory does not prevent the download", async (setting) => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({
    ".bunfig.toml": `[install]\nregistry = "${registry.origin}/"\n${setting}\n`,
  });
  await expectPackage(user.fetch());
});

test("a cache directory that cannot be created is named; a relative one is ignored", async () => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({ [`${APP}/.npmrc`]: `registry=${registry.origin}/\n` });
  const file = join(user.project, ".npmrc");
  const error = await user.fetch({ XDG_CACHE_HOME: file }).catch((error: unknown) => error);
  expect(error).toMatchObject({
    code: "not_writable",
    message: expect.stringContaining(join(file, "create-bunyard")),
    hint: expect.stringContaining("XDG_CACHE_HOME"),
  });
  expect(await user.fetch({ XDG_CACHE_HOME: "relative" })).toStartWith(join(user.home, ".cache"));
});

test("a setting that prevents the download is reported", async () => {
  await using registry = await PrivateRegistry.open();
  const user = await User.open({
    [`${APP}/.npmrc`]: `registry=${registry.origin}/\ndry-run=true\n`,
  });
  const error = await user.fetch().catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "fetch_failed" });
});
