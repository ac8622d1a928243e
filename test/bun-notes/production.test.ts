// Tips, deployment and the conclusion.
import { expect } from "bun:test";
import { run, runProgram, startProgram, until, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

const local = { port: 0, hostname: "127.0.0.1" } as const;
const bun = process.execPath;

statement("tips/file", async () => {
  const { readFile } = await import("node:fs/promises");
  const [viaNode, viaBun] = await Promise.all([
    readFile(import.meta.path),
    Bun.file(import.meta.path).bytes(),
  ]);
  expect(new Uint8Array(viaNode)).toEqual(viaBun);
});

statement("tips/stream", async () => {
  let pulled = 0;
  using server = Bun.serve({
    ...local,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(new Uint8Array(2 ** 16));
            if (++pulled === 4096) controller.close();
          },
        }),
      ),
  });
  const reader = (await fetch(server.url)).body?.getReader();
  await reader?.read();
  // With `pull`, a client that stops reading stops the source.
  let before = -1;
  while (before !== pulled) {
    before = pulled;
    await Bun.sleep(100);
  }
  expect(pulled).toBeLessThan(4096);
  await reader?.cancel();
});

statement("tips/batch", async () => {
  using server = Bun.serve({
    ...local,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response()),
    websocket: {
      open(ws) {
        for (const message of ["a", "b", "c"]) ws.send(message);
        ws.send(["a", "b", "c"].join("\n"));
      },
      message: () => undefined,
    },
  });
  const frames: string[] = [];
  const socket = new WebSocket(server.url.href.replace("http", "ws"));
  socket.addEventListener("message", ({ data }) => frames.push(String(data)));
  await until(() => frames.length === 4);
  expect(frames).toEqual(["a", "b", "c", "a\nb\nc"]);
});

statement("tips/sleep", async () => {
  const order: string[] = [];
  const sleeps = [
    Bun.sleep(40).then(() => order.push("Bun.sleep")),
    new Promise((resolve) => setTimeout(resolve, 1)).then(() => order.push("setTimeout")),
    Bun.sleep(new Date(Date.now() + 80)).then(() => order.push("Bun.sleep(Date)")),
  ];
  await Promise.all(sleeps);
  expect(order).toEqual(["setTimeout", "Bun.sleep", "Bun.sleep(Date)"]);
});

/** The configuration of the document, in short. */
const CONFIG = `
const config = { development: { port: 3000 }, production: { port: parseInt(Bun.env.PORT || "8080") } };
const env = Bun.env.NODE_ENV || "development";
const appConfig = config[env as keyof typeof config];
console.log(appConfig?.port);`;

statement("deployment/config", () =>
  withFolder({ "main.ts": CONFIG }, async (folder) => {
    const port = async (env: Record<string, string>) =>
      (await run(folder, [bun, "main.ts"], env)).stdout;
    expect(await port({ NODE_ENV: "production", PORT: "80x" })).toBe("80");
    expect(await port({ NODE_ENV: "production", PORT: "http" })).toBe("NaN");
    expect(await port({ NODE_ENV: "staging" })).toBe("undefined");
  }),
);

/** A server with a slow response, and a handler of SIGTERM. It prints its URL first. */
const SHUTDOWN = (stop: string) => `
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch() {
    process.kill(process.pid, "SIGTERM");
    await Bun.sleep(100);
    return new Response("complete");
  },
});
process.on("SIGTERM", async () => { ${stop} process.exit(0); });
console.log(server.url.href);`;

/** The response to a request that is in flight when the signal arrives. */
const inFlight = (stop: string) =>
  withFolder({ "main.ts": SHUTDOWN(stop) }, async (folder) => {
    const { child, url } = await startProgram(folder);
    const result = await fetch(url).then(
      (response) => response.text(),
      () => "lost",
    );
    expect(await child.exited).toBe(0);
    return result;
  });

statement("deployment/shutdown", async () => {
  expect(await inFlight("server.stop();")).toBe("lost");
  expect(await inFlight("await server.stop();")).toBe("complete");
});

statement("deployment/shutdown-streams", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () => new Response(new ReadableStream({ start: (controller) => controller.enqueue("data: 0") })),
      });
      const response = await fetch(server.url);
      const reader = response.body?.getReader();
      await reader?.read();
      const stopped = server.stop().then(() => "stopped");
      console.log(await Promise.race([stopped, Bun.sleep(500).then(() => "pending")]));
      await server.stop(true);
      console.log(await stopped);
      process.exit(0);`,
  });
  expect(stdout).toBe("pending\nstopped");
});

statement("conclusion/complete", () =>
  withFolder(
    {
      "package.json": '{ "name": "a", "dependencies": { "lib": "file:./lib" } }',
      "lib/package.json": '{ "name": "lib", "version": "1.0.0", "main": "index.ts" }',
      "lib/index.ts": "export const lib: number = 1;",
      "a.test.ts":
        'import { expect, test } from "bun:test"; import { lib } from "lib"; test("a", () => expect(lib).toBe(1));',
      "main.ts": 'import { lib } from "lib"; console.log(lib);',
    },
    async (folder) => {
      for (const args of [
        ["install"],
        ["test"],
        ["build", "main.ts", "--outdir", "dist"],
        ["main.ts"],
      ]) {
        const { code, stderr } = await run(folder, [bun, ...args]);
        expect(code, stderr).toBe(0);
      }
    },
  ),
);

statement("conclusion/typescript", async () => {
  // Types are removed, not checked.
  const { code, stdout } = await runProgram({
    "main.ts": 'const n: number = "text"; console.log(n);',
  });
  expect([code, stdout]).toEqual([0, "text"]);
});
