// How every service treats connections: a proxy in front neither loses a response nor is reset.
import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { manifestOf, type Project } from "./project.ts";
import { startService, until } from "./service.ts";

const MEBIBYTE = 1024 * 1024;

export function treatsConnectionsWell(project: Project): void {
  test("while it drains, every response closes its connection", async () => {
    await using service = await startService(project, { SHUTDOWN_DELAY_MS: "60000" });
    const connection = () => fetch(new URL("healthz", service.url));
    expect((await connection()).headers.get("connection")).not.toBe("close");
    service.signal("SIGTERM");
    await until(
      "responses say that the connection closes",
      async () => (await connection()).headers.get("connection") === "close",
    );
  });

  test("an idle connection is closed after KEEP_ALIVE_TIMEOUT_S, which is longer than proxies wait", async () => {
    await using service = await startService(project, { KEEP_ALIVE_TIMEOUT_S: "2" });
    const socket = connect(Number(service.url.port), service.url.hostname);
    socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.resume();
    await once(socket, "end");
    socket.destroy();
  });

  test("an early response to a large body arrives complete", async () => {
    await using service = await startService(project);
    for (const size of [6 * MEBIBYTE, 40 * MEBIBYTE]) {
      const response = await postRaw(service.url, "/api/no/such/path", size);
      expect(response).toStartWith("HTTP/1.1 404 ");
      expect(response).toContain("application/problem+json");
    }
  });

  test("a form that a foreign page submits is refused, and a form of no page is not", async () => {
    await using service = await startService(project);
    const submit = async (headers: Record<string, string>) => {
      const body = new URLSearchParams({ text: "x" });
      return fetch(new URL("/api/no/such/path", service.url), { method: "POST", headers, body });
    };
    const refused = await submit({ origin: "https://evil.example" });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect((await submit({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await submit({ origin: service.url.origin })).status).toBe(404);
    expect((await submit({})).status).toBe(404);
  });

  test("a body with a Content-Encoding is 415", async () => {
    await using service = await startService(project);
    const response = await fetch(new URL("/api/no/such/path", service.url), {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: Bun.gzipSync("x".repeat(10_000)),
    });
    expect(response.status).toBe(415);
    expect(response.headers.get("accept-encoding")).toBe("identity");
  });

  test("in development, a Host that is not in DEV_HOSTS is refused", async () => {
    // A `start` that sets NODE_ENV is for production; such a starter tests its development server itself.
    const { scripts } = await manifestOf(project);
    if (scripts?.start?.includes("NODE_ENV=")) return;
    await using service = await startService(project, {
      NODE_ENV: "development",
      DEV_HOSTS: "box.example, other.example",
    });
    const statusFor = async (host: string) =>
      (await fetch(new URL("healthz", service.url), { headers: { host } })).status;
    expect(await statusFor("evil.example")).toBe(403);
    expect(await statusFor("box.example.evil.example")).toBe(403);
    expect(await statusFor("box.example:3000")).toBe(200);
    expect(await statusFor("localhost")).toBe(200);
  });
}

/** Writes the complete body before it reads, as simple clients and proxies do. @returns the response. */
async function postRaw(url: URL, path: string, size: number): Promise<string> {
  const socket = connect(Number(url.port), url.hostname);
  let received = "";
  socket.on("data", (data) => {
    received += data;
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${size}\r\n\r\n`,
  );
  const chunk = Buffer.alloc(MEBIBYTE);
  for (let sent = 0; sent < size; sent += MEBIBYTE) {
    if (!socket.write(chunk)) await once(socket, "drain");
  }
  await once(socket, "end");
  socket.destroy();
  return received;
}
