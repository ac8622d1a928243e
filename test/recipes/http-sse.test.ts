// The recipes of http-sse's README: each is followed block by block in a created project, whose own tests must still pass.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMMAND_TIMEOUT, shell } from "../contract/command.ts";
import type { Project } from "../contract/project.ts";
import { follow } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";

const { create, withoutFeatures } = await openStarter("http-sse");

/** Runs the quick tests of the project that a new route or variable can break. */
async function stillPasses({ directory }: Project): Promise<void> {
  await run(directory, "test", "test/env.test.ts", "test/metrics.test.ts", "src/features/openapi");
}

/** The server for tests of the project. */
async function testServerOf({ directory }: Project) {
  const { TestServer } = await import(join(directory, "test/server.ts"));
  return TestServer;
}

describe.each([
  ["with every feature", [], ["Stream an LLM's tokens"]],
  ["without its features", withoutFeatures, []],
] as const)("a project %s", (title, options, ofFeatures) => {
  test.each(["Add a route", "Add an event type", ...ofFeatures])(
    "%s",
    async (recipe) => {
      const project = await create(`${recipe} ${title}`.replaceAll(/\W+/g, "-"), ...options);
      // The last block of the recipe formats, checks, and runs the recipe's test.
      await follow(project, recipe);
      await stillPasses(project);
    },
    COMMAND_TIMEOUT,
  );

  test(
    "Publish from another process, and Follow a stream",
    async () => {
      const project = await create(`publish-${title.replaceAll(" ", "-")}`, ...options);
      await follow(project, "Publish from another process");
      await follow(project, "Follow a stream");
      // The scripts are not part of the service, whose tests they cannot break.
      await formatsAndChecks(project);
      const TestServer = await testServerOf(project);
      await using server = await TestServer.start();
      const attempts: number[] = [];
      using proxy = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        async fetch(request) {
          attempts.push(performance.now());
          const { pathname } = new URL(request.url);
          if (attempts.length > 2) return fetch(server.url + pathname, request);
          const status = attempts.length === 1 ? 503 : 429;
          return new Response("Later.", { status, headers: { "retry-after": "2" } });
        },
      });
      const variables = { API_URL: proxy.url.href };
      const script = "bun publish.ts news/local hello";
      const { exitCode, output } = await shell(project.directory, script, variables);
      expect(exitCode, output).toBe(0);
      const response = await server.fetch("/api/messages?topic=news/*");
      expect(await response.json()).toMatchObject({ items: [{ text: "hello" }] });
      const [first = 0, second = 0, third = 0] = attempts;
      expect(Math.min(second - first, third - second)).toBeGreaterThan(1900);

      // The client retries after an error response, and resumes.
      const { follow: followStream } = await import(join(project.directory, "follow.ts"));
      const stop = new AbortController();
      attempts.length = 0;
      const received: string[] = [];
      const follower = {
        fetchToken: async () => "",
        load: () => server.post("hello again", {}, "news/local"),
        onEvent: ({ data }: { readonly data: string }) => {
          received.push(JSON.parse(data).text);
          stop.abort();
        },
      };
      await followStream(`${proxy.url.href}api/events?topic=news/*`, follower, stop.signal);
      expect(received).toEqual(["hello again"]);
      expect(attempts).toHaveLength(3);
    },
    COMMAND_TIMEOUT,
  );
});

test(
  "Let your login issue the tokens",
  async () => {
    const project = await create("login");
    await follow(project, "Let your login issue the tokens");
    await follow(project, "Follow a stream");
    await formatsAndChecks(project);
    const AUTH_SECRET = "a secret of the tokens of 32 bytes";
    const env = { AUTH_SECRET, AUTH_AUDIENCE: "api", AUTH_ISSUER: "login" };
    const issue = (user: string, variables: Record<string, string> = env) =>
      shell(project.directory, `bun issue-token.ts '${user}'`, variables);
    const { exitCode, output: token } = await issue("ada");
    expect(exitCode, token).toBe(0);
    const TestServer = await testServerOf(project);
    await using server = await TestServer.start(env);
    const read = (authorization: string) =>
      server.fetch("/api/messages?topic=users/ada", { headers: { authorization } });
    expect((await read(`Bearer ${token}`)).status).toBe(200);
    expect((await read("Bearer forged")).status).toBe(401);
    for (const user of ["*", "", "a/b", "auth0|1"]) {
      expect((await issue(user)).output).toContain("cannot be part of a topic");
    }
    expect((await issue("ada", {})).output).toContain("Set AUTH_SECRET");

    // The client: its topic is quiet until its first token has expired, and then a request for a token fails.
    const { follow: followTopic } = await import(join(project.directory, "follow.ts"));
    const stop = new AbortController();
    const received: string[] = [];
    let loads = 0;
    let tokens = 0;
    const follower = {
      async fetchToken() {
        tokens += 1;
        if (tokens === 1) return shortToken(project, AUTH_SECRET);
        if (tokens === 2) throw new Error("The login is down.");
        const authorization = `Bearer ${token}`;
        if (tokens === 3) await server.post("in between", { authorization }, "users/ada");
        return token;
      },
      load: () => {
        loads += 1;
      },
      onEvent: ({ event, data }: { readonly event: string; readonly data: string }) => {
        received.push(`${event}: ${JSON.parse(data).text}`);
        stop.abort();
      },
    };
    await followTopic(`${server.url}/api/events?topic=users/ada`, follower, stop.signal);
    expect(received).toEqual(["message: in between"]);
    expect([loads, tokens]).toEqual([1, 3]);
  },
  COMMAND_TIMEOUT,
);

/** A token that expires in three to four seconds. */
async function shortToken({ directory }: Project, secret: string): Promise<string> {
  const { sign } = await import(Bun.resolveSync("hono/jwt", directory));
  const exp = Math.floor(Date.now() / 1000) + 4;
  return sign({ subscribe: ["users/ada"], exp, aud: "api", iss: "login" }, secret, "HS256");
}
