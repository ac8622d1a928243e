// Early responses to large bodies: the client receives the problem, directly and through a real nginx.
import { afterAll, beforeAll, describe, expect, jest, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { discardUnreadBody, readBody } from "../src/request-body.ts";
import { type Child, serve } from "./child.ts";
import { findNginx, Nginx } from "./nginx.ts";

const MB = 1_000_000;
const hasCurl = Bun.which("curl") !== null;
if (!hasCurl) console.warn("There is no curl: early responses to curl are not tested.");
const nginx = await findNginx();
if (!nginx) console.warn("There is no nginx: early responses through a proxy are not tested.");

let folder: string;
let service: Child;
beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/body-`);
  service = await serve({ LOG_LEVEL: "warn" });
  for (const megabytes of [6, 20, 60, 100]) {
    await Bun.write(`${folder}/${megabytes}`, new Uint8Array(megabytes * MB));
  }
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const earlyResponses = [
  ["/private", 401],
  ["/nowhere", 404],
  ["/echo", 413],
] as const;

type Megabytes = 6 | 20 | 60 | 100;

/** Posts a file with curl. @returns the status, 0 if the connection failed, and the body. */
async function curl(url: string, megabytes: Megabytes, isChunked: boolean) {
  const file = `${folder}/${megabytes}`;
  const body = isChunked
    ? ["-X", "POST", "-T", file, "-H", "transfer-encoding: chunked"]
    : ["--data-binary", `@${file}`];
  const headers = ["-H", "content-type: application/json", "-H", "expect:"];
  const child = Bun.spawn(["curl", "-s", "-w", "\n%{http_code}", ...body, ...headers, url], {
    stdout: "pipe",
  });
  const [text = "", status = "0"] = (await child.stdout.text()).split(/\n(?=\d+$)/);
  return { status: Number(status), text };
}

async function expectProblem(
  url: string,
  megabytes: Megabytes,
  isChunked: boolean,
  status: number,
) {
  const response = await curl(url, megabytes, isChunked);
  expect({ url, megabytes, isChunked, status: response.status }).toEqual({
    url,
    megabytes,
    isChunked,
    status,
  });
  expect(JSON.parse(response.text)).toMatchObject({ status, type: "about:blank" });
}

/** Sends everything before it reads, like Python's http.client. Rejects if a write fails. */
function sendThenRead(url: string, path: string, bytes: number, isChunked: boolean) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunk = Buffer.alloc(64 * 1024);
  const length = isChunked ? "transfer-encoding: chunked" : `content-length: ${bytes}`;
  let left = bytes;
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${length}\r\n\r\n`,
    );
    send();
  });
  socket.pause();
  const send = () => {
    while (left > 0) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (isChunked) socket.write(`${part.length.toString(16)}\r\n`);
      const isFlushed = socket.write(part);
      if (isChunked) socket.write("\r\n");
      if (!isFlushed) return;
    }
    if (isChunked) socket.write("0\r\n\r\n");
    socket.resume();
  };
  let text = "";
  socket.on("drain", () => {
    if (left > 0) send();
    else socket.resume();
  });
  socket.on("data", (data) => {
    text += data;
    if (/\r\n\r\n.*}$/s.test(text)) socket.destroy();
  });
  socket.on("error", reject).on("close", () => resolve(text));
  return promise;
}

describe.each(earlyResponses)("directly, %s is %d", (path, status) => {
  test.skipIf(!hasCurl).each([6, 60] as const)(
    "to a body of %d MB from curl",
    async (megabytes) => {
      for (const isChunked of [false, true]) {
        await expectProblem(`${service.url}${path}`, megabytes, isChunked, status);
      }
    },
  );

  test("to a client that sends everything before it reads", async () => {
    for (const isChunked of [false, true]) {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const response = await sendThenRead(service.url, path, 6 * MB, isChunked);
        expect(response).toStartWith(`HTTP/1.1 ${status}`);
      }
    }
  });

  test("and the connection can be used again", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`);
      socket.write(Buffer.alloc(100_000));
      socket.write("GET /fast HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    });
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("close", () => resolve(text));
    expect(await promise).toEndWith("fast");
  });
});

test("the connection is closed after 64 MiB of an unread body", async () => {
  const chunk = Buffer.alloc(64 * 1024);
  const { promise, resolve } = Promise.withResolvers<{ sent: number; text: string }>();
  let sent = 0;
  let text = "";
  const push = () => {
    while (!socket.destroyed && sent < 200 * MB) {
      sent += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
    socket.write(`POST /private HTTP/1.1\r\nhost: x\r\ncontent-length: ${1000 * MB}\r\n\r\n`);
    push();
  });
  socket.on("data", (data) => {
    text += data;
  });
  socket
    .on("drain", push)
    .on("error", () => undefined)
    .on("close", () => resolve({ sent, text }));
  const result = await promise;
  expect(result.sent).toBeGreaterThan(64 * 1024 * 1024);
  expect(result.sent).toBeLessThan(100 * MB);
  expect(result.text === "" || /^HTTP\/1\.1 401.*connection: close/is.test(result.text)).toBe(true);
});

describe("the body of a client that never resumes is discarded for 30 s", () => {
  beforeAll(() => void jest.useFakeTimers());
  afterAll(() => void jest.useRealTimers());

  test.each([
    ["if nothing was read", false],
    ["if the handler stopped reading", true],
  ])("%s", async (_when, isBegun) => {
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(10)) });
    const request = new Request("http://localhost/", { method: "POST", body });
    if (isBegun) for await (const _chunk of readBody(request)) break;
    const discarded = jest.fn();
    const pending = discardUnreadBody(request).then(discarded);
    await new Promise(setImmediate);
    jest.advanceTimersByTime(29_999);
    await new Promise(setImmediate);
    expect(discarded).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    await pending;
    expect(discarded).toHaveBeenCalledWith(false);
  });
});

// The peak of a process's memory can be read on Linux only.
test.skipIf(process.platform !== "linux")(
  "a body that no handler reads costs no memory, however long it is",
  async () => {
    await using fresh = await serve({ LOG_LEVEL: "warn" });
    const peakKiB = async () => {
      const status = await Bun.file(`/proc/${fresh.process.pid}/status`).text();
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
    };
    await sendThenRead(fresh.url, "/nowhere", MB, false);
    const before = await peakKiB();
    for (const path of ["/nowhere", "/fast", "/echo"]) {
      for (const isChunked of [false, true]) {
        await sendThenRead(fresh.url, path, 60 * MB, isChunked);
      }
    }
    expect((await peakKiB()) - before).toBeLessThan(64 * 1024);
  },
);

test("a client that disconnects before the end of its body disturbs nothing", async () => {
  for (const path of ["/private", "/echo"]) {
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () =>
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nxxx`),
    );
    await Bun.sleep(50);
    socket.destroy();
  }
  expect((await fetch(`${service.url}/fast`)).status).toBe(200);
  expect(service.output()).not.toContain('"level":"ERROR"');
});

describe.skipIf(!nginx || !hasCurl)("through nginx", () => {
  describe.each([
    ["that buffers", ""],
    ["that streams", "proxy_request_buffering off; proxy_http_version 1.1;"],
  ])("%s", (_how, buffering) => {
    let proxy: Nginx;
    beforeAll(async () => {
      proxy = await Nginx.start(
        nginx ?? "",
        await mkdtemp(`${folder}/nginx-`),
        (port) => `
          server { listen 127.0.0.1:${port}; client_max_body_size 0; location / {
            proxy_pass ${service.url}; ${buffering} } }`,
      );
    });
    afterAll(() => proxy[Symbol.asyncDispose]());

    test.each(earlyResponses)("%s is %d, never 502", async (path, status) => {
      const url = `${proxy.url}${path}`;
      for (const isChunked of [false, true]) {
        for (let attempt = 0; attempt < 2; attempt += 1) {
          await expectProblem(url, 6, isChunked, status);
        }
        await expectProblem(url, 20, isChunked, status);
      }
    });

    test.each(earlyResponses)("%s is %d to a body of more than 64 MiB", async (path, status) => {
      for (const isChunked of [false, true]) {
        await expectProblem(`${proxy.url}${path}`, 100, isChunked, status);
      }
    });
  });
});
