// HTTP: routes, files, errors, CORS, uploads, streams, server-sent events.
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { run, runProgram, until, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

const local = { port: 0, hostname: "127.0.0.1" } as const;
const chromium =
  process.env.BUN_CHROME_PATH ??
  Bun.which("chromium") ??
  Bun.which("chromium-browser") ??
  Bun.which("google-chrome");

statement("http/basic", async () => {
  using server = Bun.serve({
    ...local,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/json") return Response.json({ message: "JSON response" });
      if (pathname === "/file") return new Response(Bun.file(import.meta.path));
      return new Response("Not Found", { status: 404 });
    },
  });
  expect(await (await fetch(new URL("json", server.url))).json()).toEqual({
    message: "JSON response",
  });
  const file = await fetch(new URL("file", server.url));
  expect(file.headers.get("content-length")).toBe(String(Bun.file(import.meta.path).size));
  expect((await fetch(new URL("other", server.url))).status).toBe(404);
});

statement("http/missing-file", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      const server = Bun.serve({ port: 0, development: false, fetch: () => new Response(Bun.file("/no/such/file")) });
      console.log((await fetch(server.url)).status);
      process.exit(0);`,
  });
  expect(stdout).toBe("500");
});

statement(
  "http/address",
  async () => {
    using everywhere = Bun.serve({ port: 0, fetch: () => new Response("any interface") });
    using loopback = Bun.serve({ ...local, fetch: () => new Response("loopback") });
    expect(everywhere.hostname).toBe("localhost");
    // On Linux, every address of 127.0.0.0/8 is this machine.
    const read = async (port: number | undefined) =>
      (await fetch(`http://127.0.0.2:${port}`)).text();
    expect(await read(everywhere.port)).toBe("any interface");
    await expect(read(loopback.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  },
  { needs: process.platform === "linux" },
);

statement("http/error-handler", async () => {
  using server = Bun.serve({
    ...local,
    fetch() {
      throw new Error("connect to postgres://admin:secret@db failed");
    },
    error: (error) => new Response(`Error: ${error.message}`, { status: 500 }),
  });
  expect(await (await fetch(server.url)).text()).toContain("secret");
});

/** A server as the document has it: the CORS headers are on the answer to OPTIONS only. */
const servePreflightOnly = () =>
  Bun.serve({
    ...local,
    fetch: (request) =>
      request.method === "OPTIONS"
        ? new Response(null, {
            headers: {
              "access-control-allow-origin": "*",
              "access-control-allow-methods": "GET, POST, PUT, DELETE",
              "access-control-allow-headers": "content-type",
            },
          })
        : Response.json({ ok: true }),
  });

statement(
  "http/cors",
  async () => {
    using api = servePreflightOnly();
    using page = Bun.serve({
      ...local,
      fetch: () =>
        new Response("<!doctype html><title>page</title>", {
          headers: { "content-type": "text/html" },
        }),
    });
    await using view = new Bun.WebView({
      backend: { type: "chrome", url: false, argv: ["--no-sandbox"] },
    });
    await view.navigate(page.url.href);
    const result = await view.evaluate(
      `fetch("${api.url}", { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" }).then(() => "read", () => "refused")`,
    );
    expect(result).toBe("refused");
  },
  { needs: chromium !== null },
);

/** Sends a form as a client that is not a browser can, and returns what the server answered. */
const upload = (url: URL, filename: string, type: string) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=b" },
    body: `--b\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: ${type}\r\n\r\n<script>\r\n--b--\r\n`,
  });

statement("http/upload-name", () =>
  withFolder({ "uploads/.keep": "" }, async (folder) => {
    using server = Bun.serve({
      ...local,
      async fetch(request) {
        const file = (await request.formData()).get("file") as File;
        await Bun.write(join(folder, `./uploads/${file.name}`), file);
        return Response.json({ name: file.name, type: file.type });
      },
    });
    const response = await upload(server.url, "../outside.html", "image/png");
    expect(await response.json()).toMatchObject({ name: "../outside.html" });
    expect(existsSync(join(folder, "outside.html"))).toBe(true);
  }),
);

statement("http/upload-memory", () =>
  withFolder(
    {
      "main.ts": `
        using server = Bun.serve({ port: 0, hostname: "127.0.0.1", async fetch(request) {
          const before = process.memoryUsage.rss();
          await request.formData();
          return Response.json({ grown: (process.memoryUsage.rss() - before) / 2 ** 20 });
        } });
        const form = new FormData();
        form.set("file", new File([new Uint8Array(96 * 2 ** 20)], "a.bin"));
        const client = Bun.spawn([process.execPath, "client.ts", server.url.href], { stdout: "pipe", stderr: "inherit" });
        console.log(await client.stdout.text());`,
      "client.ts": `
        const form = new FormData();
        form.set("file", new File([new Uint8Array(96 * 2 ** 20)], "a.bin"));
        console.log(await (await fetch(process.argv[2] ?? "", { method: "POST", body: form })).text());`,
    },
    async (folder) => {
      const { stdout } = await run(folder, [process.execPath, "main.ts"]);
      expect(JSON.parse(stdout).grown).toBeGreaterThan(64);
    },
  ),
);

statement("http/stream", async () => {
  const encoder = new TextEncoder();
  using server = Bun.serve({
    ...local,
    fetch: () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            for (let i = 0; i < 3; i++) {
              controller.enqueue(encoder.encode(`Chunk ${i}\n`));
              await Bun.sleep(1);
            }
            controller.close();
          },
        }),
      ),
  });
  const response = await fetch(server.url);
  expect(response.headers.get("transfer-encoding")).toBe("chunked");
  expect(await response.text()).toBe("Chunk 0\nChunk 1\nChunk 2\n");
});

/** Opens a raw connection that reads nothing and sends one request. */
function request(url: URL, path = "/") {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.on("error", () => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  return socket;
}

statement("http/stream-start-ignores-the-client", async () => {
  let enqueued = 0;
  using server = Bun.serve({
    ...local,
    fetch: () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            for (let i = 0; i < 256; i++) {
              controller.enqueue(new Uint8Array(2 ** 16));
              enqueued++;
              await Bun.sleep(0);
            }
            controller.close();
          },
        }),
      ),
  });
  const socket = request(server.url).pause();
  // 16 MiB are queued for a client that takes nothing: far more than its socket can hold.
  await until(() => enqueued === 256);
  socket.destroy();
});

statement("http/sse", async () => {
  let stream: ReadableStreamDefaultController | undefined;
  using server = Bun.serve({
    ...local,
    fetch: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            stream = controller;
            controller.enqueue('data: {"count":0}\n\n');
          },
        }),
        { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } },
      ),
  });
  const response = await fetch(server.url);
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: {"count":0}\n\n');
  await reader?.cancel();
  stream?.close();
});

statement("http/sse-idle", async () => {
  using server = Bun.serve({
    ...local,
    idleTimeout: 1,
    fetch: () =>
      new Response(
        new ReadableStream({ start: (controller) => controller.enqueue("data: 0\n\n") }),
        {
          headers: { "content-type": "text/event-stream" },
        },
      ),
  });
  const socket = request(server.url).resume();
  // Without a heartbeat, the server closes a quiet stream after the idle timeout.
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
});

statement("http/sse-after-disconnect", async () => {
  let cancelled = false;
  let loops = 0;
  using server = Bun.serve({
    ...local,
    fetch: () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            while (loops < 1000) {
              loops++;
              if (!cancelled) controller.enqueue("data: 0\n\n");
              await Bun.sleep(2);
            }
          },
          cancel() {
            cancelled = true;
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
  });
  const socket = request(server.url).resume();
  await until(() => loops > 3);
  socket.destroy();
  await until(() => cancelled);
  const then = loops;
  // The handler's loop continues after the client has disconnected, unless it checks a signal.
  await until(() => loops > then + 10);
  loops = 1000;
});
