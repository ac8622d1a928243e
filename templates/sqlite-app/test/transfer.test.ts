// Exports and imports use constant memory and bounded time, and an import on a full disk changes nothing.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { mayMount, mount, unmount } from "./disk.ts";
import { Folder } from "./folder.ts";
import { PROCESS_TIMEOUT } from "./project.ts";
import { Service } from "./service.ts";

/** Characters of each article. */
const BODY = 2000;

/** Copies one article with all of its columns. */
async function fill(service: Service, articles: number): Promise<void> {
  const { token } = await service.newUser();
  const body = { title: "title", body: "x".repeat(BODY) };
  await service.send("POST", "/api/articles", { token, body });
  using database = new Database(service.folder.join("app.db"));
  const columns = database
    .query<{ name: string }, []>(
      "SELECT name FROM pragma_table_info('articles') WHERE name <> 'id'",
    )
    .all()
    .map(({ name }) => name)
    .join(", ");
  database.run(
    `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO articles (${columns}) SELECT ${columns} FROM n CROSS JOIN articles WHERE id = 1`,
    [articles],
  );
}

/** Requests an export without reading the body. */
function requestExport({ url }: Service, client = "192.0.2.1"): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
    socket.write(
      `GET /api/articles/export HTTP/1.1\r\nhost: localhost\r\nx-client: ${client}\r\n\r\n`,
    );
  });
  // Ends with an error if the service stops.
  return socket.on("error", () => undefined).pause();
}

/** Peak memory of the service in MiB (Linux only). */
async function peak({ child }: Service): Promise<number> {
  const status = await Bun.file(`/proc/${child.pid}/status`).text();
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

test.skipIf(process.platform !== "linux")(
  "an export of 100 MB uses a fraction of that, whether the client reads or not",
  async () => {
    await using service = await Service.start();
    await fill(service, 50_000);
    const before = await peak(service);
    const stuck = requestExport(service);
    const response = await fetch(`${service.url}/api/articles/export`);
    let bytes = 0;
    for await (const chunk of response.body ?? []) bytes += chunk.byteLength;
    stuck.destroy();
    expect(bytes).toBeGreaterThan(50_000 * BODY);
    expect((await peak(service)) - before).toBeLessThan(50);
  },
  PROCESS_TIMEOUT,
);

test(
  "an export to a slow consumer is stopped after MAX_TRANSFER_SECONDS",
  async () => {
    await using service = await Service.start({ MAX_TRANSFER_SECONDS: "1" });
    await fill(service, 20_000);
    const slow = requestExport(service).resume();
    let bytes = 0;
    slow.on("data", (chunk) => {
      bytes += chunk.length;
      // The system has buffered a part of the body, which is read quickly.
      if (service.output.includes("The export took too long")) return;
      slow.pause();
      setTimeout(() => slow.resume(), 50);
    });
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    slow.on("error", () => resolve()).on("close", () => resolve());
    await closed;
    expect(bytes).toBeWithin(BODY, 20_000 * BODY);
    expect((await service.send("GET", "/readyz")).status).toBe(200);
  },
  PROCESS_TIMEOUT,
);

test("a connection without requests is closed after KEEP_ALIVE_TIMEOUT_S, also after an import", async () => {
  await using service = await Service.start({ KEEP_ALIVE_TIMEOUT_S: "1" });
  const { token } = await service.newUser();
  const body = '{"title":"t","body":"b"}';
  const head = [
    "POST /api/articles/import HTTP/1.1",
    "host: localhost",
    `authorization: Bearer ${token}`,
    "content-type: application/x-ndjson",
    `content-length: ${body.length}`,
  ];
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  let response = "";
  socket.setEncoding("utf8").on("data", (text) => {
    response += text;
  });
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  await new Promise((resolve) => socket.on("close", resolve));
  expect(response).toStartWith("HTTP/1.1 200");
});

test(
  "an import over the time limit is 408, and nothing is imported",
  async () => {
    await using service = await Service.start({ MAX_TRANSFER_SECONDS: "1" });
    const { token } = await service.newUser();
    const response = await fetch(`${service.url}/api/articles/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
      body: new ReadableStream({
        async pull(controller) {
          controller.enqueue(Buffer.from('{"title":"slow","body":"b"}\n'));
          await Bun.sleep(50);
        },
      }),
    });
    expect(response.status).toBe(408);
    expect(await response.json()).toMatchObject({ detail: "The import took too long." });
    expect((await service.send("GET", "/api/articles")).json()).toMatchObject({ items: [] });
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an import that is killed at any moment is imported completely or not at all",
  async () => {
    using folder = new Folder();
    const ROWS = 2000;
    const line = `${JSON.stringify({ title: "bulk", body: "words ".repeat(50) })}\n`;
    const KILLS = 4;
    /** Imports into a new account and kills the service after `moment` milliseconds. @returns how many passed. */
    const importUntil = async (moment: number): Promise<number> => {
      const service = await Service.start({}, folder);
      const { token } = await service.newUser();
      const sent = { token, body: line.repeat(ROWS), type: "application/x-ndjson" };
      const started = performance.now();
      const importing = service.send("POST", "/api/articles/import", sent).catch(() => undefined);
      await Promise.race([importing, Bun.sleep(moment)]);
      const duration = performance.now() - started;
      await service.stop("SIGKILL");
      await importing;
      return duration;
    };
    const duration = await importUntil(PROCESS_TIMEOUT);
    for (let kill = 0; kill < KILLS; kill += 1) await importUntil((kill / KILLS) * duration);
    using database = new Database(folder.join("app.db"));
    const counts = database.query("SELECT count(*) FROM articles GROUP BY author").values().flat();
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.filter((count) => count !== ROWS)).toEqual([]);
    expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  },
  PROCESS_TIMEOUT,
);

test.skipIf(!mayMount())(
  "an import on a full disk is 507, reads are served, and nothing is imported",
  async () => {
    using folder = new Folder();
    expect(mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.path)).toBe(true);
    try {
      await using service = await Service.start({ DATA_DIR: folder.path });
      const { token } = await service.newUser();
      const line = `${JSON.stringify({ title: "bulk", body: "words ".repeat(5000) })}\n`;
      const sent = { token, body: line.repeat(500), type: "application/x-ndjson" };
      const refused = await service.send("POST", "/api/articles/import", sent);
      expect(refused.status).toBe(507);
      const { json } = await service.send("GET", "/api/articles");
      expect(json()).toEqual({ items: [], next: null });
      expect(mount("-o", "remount,size=200m", folder.path)).toBe(true);
      const imported = await service.send("POST", "/api/articles/import", sent);
      expect(imported.json()).toEqual({ imported: 500 });
      await service.stop();
    } finally {
      unmount(folder.path);
    }
  },
  PROCESS_TIMEOUT,
);

test(
  "one client runs at most four exports, so that others can still run theirs",
  async () => {
    await using service = await Service.start({ CLIENT_IP_HEADER: "x-client" });
    await fill(service, 20_000);
    // Reads only the head. `fetch` may buffer an unread body, and the export would then end.
    const start = async (client: string) => {
      const socket = requestExport(service, client);
      const head = await new Promise<Buffer>((resolve) => socket.resume().once("data", resolve));
      socket.pause();
      return { status: Number(head.toString("latin1", 9, 12)), stop: () => socket.destroy() };
    };
    const one = "192.0.2.1";
    const running = [];
    for (let i = 0; i < 4; i += 1) running.push(await start(one));
    expect(running.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await start(one)).status).toBe(429);
    for (let i = 2; i < 6; i += 1) expect((await start(`192.0.2.${i}`)).status).toBe(200);
    expect((await start("192.0.2.6")).status).toBe(503);
    running[0]?.stop();
    while ((await start(one)).status !== 200) await Bun.sleep(20);
  },
  PROCESS_TIMEOUT,
);

test.each([2 ** 30 + 1, 2 ** 40])(
  "an import with a Content-Length of %i, above the limit, is 413 without reading all of it",
  async (length) => {
    await using service = await Service.start({ MAX_IMPORT_BYTES: String(2 ** 30) });
    const { token } = await service.newUser();
    const { promise: response, resolve } = Promise.withResolvers<string>();
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    socket.once("data", (data) => resolve(data.toString())).on("error", () => undefined);
    const head = [
      "POST /api/articles/import HTTP/1.1",
      "host: localhost",
      `authorization: Bearer ${token}`,
      "content-type: application/x-ndjson",
      `content-length: ${length}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    // More than the service discards before it responds, and much less than the limit.
    socket.write(Buffer.alloc(70 * 1024 * 1024));
    expect(await response).toStartWith("HTTP/1.1 413");
    socket.destroy();
  },
);

const LINE = '{"title":"t","body":"b"}\n';

/** Sends an import of one line. Resolves to its status, or to the name of the error that ended it. */
function importLine(service: Service, token: string, signal: AbortSignal | null = null) {
  return sendImport(service, token, { body: LINE, signal }).catch((error: Error) => error.name);
}

async function sendImport(service: Service, token: string, options: RequestInit): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
  const url = `${service.url}/api/articles/import`;
  return (await fetch(url, { method: "POST", headers, ...options })).status;
}

/** Returns once an import runs, which stays unfinished until the function that it returns is called. That resolves to its status. */
async function startImport(service: Service, token: string): Promise<() => Promise<number>> {
  for (;;) {
    const { promise: finished, resolve } = Promise.withResolvers<void>();
    const body = async function* () {
      yield LINE;
      await finished;
    };
    const status = sendImport(service, token, { body: body() });
    const finish = () => {
      resolve();
      return status;
    };
    await Bun.sleep(20);
    if ((await importLine(service, token)) === 429) return finish;
    // The short import was first, and the other one may have been refused because of it.
    await finish();
  }
}

test(
  "one user runs at most one import, so that others can still run theirs",
  async () => {
    await using service = await Service.start();
    const [one, other] = [await service.newUser(), await service.newUser()];
    const finish = await startImport(service, one.token);
    expect(await importLine(service, other.token)).toBe(200);
    expect(await finish()).toBe(200);
    expect(await importLine(service, one.token)).toBe(200);
  },
  PROCESS_TIMEOUT,
);

test(
  "an import that waits for a slot ends when its client disconnects, so that the user can repeat it",
  async () => {
    await using service = await Service.start({ LOG_LEVEL: "info" });
    const { token } = await service.newUser();
    const others = [await service.newUser(), await service.newUser()];
    const running = [];
    for (const other of others) running.push(await startImport(service, other.token));
    // Repeated, because the client may disconnect before its request has reached the service.
    while (!service.output.includes("POST /api/articles/import 400")) {
      await importLine(service, token, AbortSignal.timeout(100));
    }
    expect(await Promise.all(running.map((finish) => finish()))).toEqual([200, 200]);
    let status = await importLine(service, token);
    while (status === 429) status = await importLine(service, token);
    expect(status).toBe(200);
  },
  PROCESS_TIMEOUT,
);
