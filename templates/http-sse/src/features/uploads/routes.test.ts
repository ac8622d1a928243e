// /api/uploads: files and ranges of them; hostile names, sizes and clients leave nothing behind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";

const MAX = 300_000;
const TWO_DAYS_AGO = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ MAX_UPLOAD_BYTES: `${MAX}` });
});
afterAll(() => server[Symbol.asyncDispose]());

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

/** The start of a Matroska or WebM file, as mkvmerge writes it. */
const ebml = (docType: string) => {
  const length = String.fromCharCode(0x80 + docType.length);
  const elements = `B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82${length}${docType}B\x87\x81\x04`;
  return Buffer.from(`\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x23${elements}`, "latin1");
};

/** The first page of an Ogg file: a header of 27 bytes, a table of one segment, and the packet. */
const ogg = (packet: string) =>
  Buffer.from(`OggS\0\x02${"\0".repeat(20)}\x01\x1e${packet}`, "latin1");

const raw = (
  body: string | Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  name = "a.txt",
) => server.fetch(`/api/uploads?name=${encodeURIComponent(name)}`, { method: "POST", body });

function form(content: string | Blob | Uint8Array<ArrayBuffer>, name: string): Promise<Response> {
  const body = new FormData();
  body.append("note", "not a file");
  body.append("file", new Blob([content], { type: "text/html" }), name);
  return server.fetch("/api/uploads", { method: "POST", body });
}

async function stored(response: Response) {
  expect(response.status).toBe(201);
  return (await response.json()) as {
    id: string;
    name: string;
    size: number;
    sha256: string;
    type: string;
  };
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

const incoming = (of: TestServer) => join(of.dataDir, "uploads", ".incoming");

/** Names of incomplete uploads and of their files. */
async function leftovers(of = server): Promise<string[]> {
  const all = await readdir(incoming(of), { recursive: true });
  return all.filter((name) => name.includes("-"));
}

async function nothingIsLeft(of = server): Promise<void> {
  while ((await leftovers(of)).length > 0) await Bun.sleep(20);
}

describe("POST", () => {
  test.each([["raw"], ["form"]])("stores the bytes of a %s body", async (kind) => {
    const content = crypto.getRandomValues(new Uint8Array(65_536));
    const response = await (kind === "raw" ? raw(content, "x.bin") : form(content, "x.bin"));
    const upload = await stored(response);
    expect(upload).toEqual({
      id: expect.any(String),
      name: "x.bin",
      size: content.length,
      sha256: new Bun.CryptoHasher("sha256").update(content).digest("hex"),
      type: "application/octet-stream",
    });
    const location = response.headers.get("location") ?? "";
    expect(location).toBe(`/api/uploads/${upload.id}`);
    expect(await (await server.fetch(location)).bytes()).toEqual(content);
  });

  test("an empty file is stored", async () => {
    for (const response of [await raw(""), await form("", "empty")]) {
      const { id, size } = await stored(response);
      expect(size).toBe(0);
      expect(await (await server.fetch(`/api/uploads/${id}`)).text()).toBe("");
    }
  });

  test("content that looks like a boundary stays content, however it is split", async () => {
    const text = "--b\r\n--bound\r\n\r\n--boundar\r\n-".repeat(50);
    const body = [
      `--boundary\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n`,
      `--boundary\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n${text}\r\n--boundary--\r\n`,
    ].join("");
    for (const size of [1, 7, 64, 10_000]) {
      async function* chunks() {
        for (let i = 0; i < body.length; i += size) yield Buffer.from(body.slice(i, i + size));
      }
      const response = await server.fetch("/api/uploads", {
        method: "POST",
        headers: { "content-type": 'multipart/form-data; boundary="boundary"' },
        body: streamOf(chunks()),
      });
      const { id } = await stored(response);
      expect(await (await server.fetch(`/api/uploads/${id}`)).text()).toBe(text);
    }
  });

  test.each([
    ["a PNG called .txt", PNG, "a.txt", "image/png"],
    ["HTML", "<!doctype html><script>alert(1)</script>", "a.html", "text/plain"],
    ["SVG called .png", "<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "text/plain"],
    ["a ZIP", "PK\x03\x04zip", "a.zip", "application/zip"],
    ["Latin-1", Buffer.from("caf\xe9", "latin1"), "a.txt", "application/octet-stream"],
    ["text with a NUL", "a\0b", "a.txt", "application/octet-stream"],
    ["UTF-8", "café 🙂", "a.exe", "text/plain"],
    ["an MP4", Buffer.from("\0\0\0\x20ftypisom\0\0\x02\0"), "a.mp4", "video/mp4"],
    ["a QuickTime file", Buffer.from("\0\0\0\x14ftypqt  \0\0\x02\0"), "a.mov", "video/quicktime"],
    ["an HEIC photo", Buffer.from("\0\0\0\x18ftypheic\0\0\0\0"), "a.heic", "image/heic"],
    ["an HEIF photo", Buffer.from("\0\0\0\x18ftypmif1\0\0\0\0"), "a.heif", "image/heif"],
    ["an AVIF sequence", Buffer.from("\0\0\0\x18ftypavis\0\0\0\0"), "a.avif", "image/avif"],
    ["an M4A", Buffer.from("\0\0\0\x18ftypM4A \0\0\0\0"), "a.m4a", "audio/mp4"],
    [
      "a file of an unknown brand",
      Buffer.from("\0\0\0\x18ftypcrx \0\0\0\x01"),
      "a.mp4",
      "application/octet-stream",
    ],
    ["a WebP", Buffer.from("RIFF\x04\0\0\0WEBPVP8 "), "a.webp", "image/webp"],
    ["a WAV", Buffer.from("RIFF\x04\0\0\0WAVEfmt "), "a.wav", "audio/wav"],
    ["WEBP without RIFF", Buffer.from("\0\0\0\0\0\0\0\0WEBP"), "a", "application/octet-stream"],
    ["WAVE without RIFF", Buffer.from("\0\0\0\0\0\0\0\0WAVE"), "a", "application/octet-stream"],
    ["a WebM", ebml("webm"), "a.mkv", "video/webm"],
    ["a Matroska file", ebml("matroska"), "a.webm", "video/matroska"],
    ["EBML of another type", ebml("other"), "a.webm", "application/octet-stream"],
    ["an Ogg video", ogg("\x80theora"), "a.ogg", "video/ogg"],
    ["an Ogg audio", ogg("OpusHead"), "a.ogv", "audio/ogg"],
    ["an MP3", Buffer.from("ID3\x03\0\0\0\0\0\x0a"), "a.mp3", "audio/mpeg"],
    ["a PDF without binary data", "%PDF-1.4\n1 0 obj\n", "a.txt", "application/pdf"],
    ["text that starts with ID3", "ID3 is a tag of MP3 files.", "a.txt", "text/plain"],
    ["text that starts with OggS", "OggS starts a page.", "a.txt", "text/plain"],
    ["text that starts with GIF89a", "GIF89a is a version.", "a.txt", "text/plain"],
    ["text with ftyp", "The ftyp box", "a.txt", "text/plain"],
    ["text with WAVE", "The new WAVE", "a.txt", "text/plain"],
  ])("detects the type of %s by its content", async (_, content, name, type) => {
    expect((await stored(await raw(content, name))).type).toBe(type);
    expect((await stored(await form(content, name))).type).toBe(type);
  });

  test.each([
    ["../../etc/passwd", "passwd"],
    ["/etc/passwd", "passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    ["C:\\x\\y.txt", "y.txt"],
    ["a\0b\r\nc.txt", "abc.txt"],
    ["..", "upload"],
    ["", "upload"],
    [`${"x".repeat(300)}.txt`, `${"x".repeat(196)}.txt`],
    [`.${"x".repeat(300)}`, `.${"x".repeat(199)}`],
    [`a.${"x".repeat(300)}`, `a.${"x".repeat(198)}`],
    ["می\u200Cخواهم.txt", "می\u200Cخواهم.txt"],
    ["👩\u200D🚀 क्\u200Dष.txt", "👩\u200D🚀 क्\u200Dष.txt"],
    ["\u0600\u0661.txt", "\u0600\u0661.txt"],
    ["a\u200Bb\u2066c\uFEFF\u2028d.txt", "abcd.txt"],
    ["\u200D", "upload"],
    ["gpj.\u202Eexe", "gpj.exe"],
    [`"quoted"; x.txt`, `"quoted"; x.txt`],
    ["日本語.txt", "日本語.txt"],
  ])("the name %j is used only as a label", async (name, label) => {
    const upload = await stored(await raw("x", name));
    expect(upload.name).toBe(label);
    const download = await server.fetch(`/api/uploads/${upload.id}`);
    const disposition = download.headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(
      /^attachment; filename="[^"\\%]*"(; filename\*=UTF-8''[\w.!#$&+^`|~%-]+)?$/,
    );
    const encoded = /UTF-8''(.*)$/.exec(disposition)?.[1];
    expect(encoded ? decodeURIComponent(encoded) : /"(.*)"/.exec(disposition)?.[1]).toBe(label);
    expect(await readdir(join(server.dataDir, "uploads"))).toContain(upload.id);
  });

  test("one byte too many is 413, with Content-Length and chunked, and leaves nothing", async () => {
    const big = new Uint8Array(MAX + 1);
    const chunked = () => new Blob([big]).stream();
    for (const send of [() => raw(big), () => raw(chunked()), () => form(big, "big")]) {
      const response = await send();
      expect(response.status).toBe(413);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    await stored(await raw(new Uint8Array(MAX)));
    await stored(await form(new Uint8Array(MAX), "max"));
    await nothingIsLeft();
  });

  const multipart = { "content-type": "multipart/form-data; boundary=b" };
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${text}\r\n`;
  const FILE = part('name="file"; filename="x"', "x");
  test("a slow upload is stored, although it takes longer than KEEP_ALIVE_TIMEOUT_S", async () => {
    await using slow = await TestServer.start({ KEEP_ALIVE_TIMEOUT_S: "5" });
    const started = performance.now();
    const bytes = async function* () {
      for (; performance.now() - started < 10_000; await Bun.sleep(100)) yield Buffer.from("x");
    };
    const body = streamOf(bytes());
    await stored(await slow.fetch("/api/uploads?name=a.txt", { method: "POST", body }));
  });

  test("parameters without quotes are accepted", async () => {
    const body = `${part("name=file; filename=a.txt", "x")}--b--`;
    const response = await server.fetch("/api/uploads", {
      method: "POST",
      headers: multipart,
      body,
    });
    expect(await stored(response)).toMatchObject({ name: "a.txt", size: 1 });
  });

  test.each([
    [`name="file"; filename*=UTF-8''%E2%82%AC.txt`, "€.txt"],
    [`name="file"; filename="=?utf-8?B?4oKsLnR4dA==?="; filename*=utf-8''%E2%82%AC.txt`, "€.txt"],
    [`name="file"; filename*=iso-8859-1'en'%A3.txt; filename="x"`, "£.txt"],
    [`name="file"; filename*=utf-16''x; filename="plain.txt"`, "plain.txt"],
    [`name = "file"; FILENAME = "spaces.txt"`, "spaces.txt"],
    ['name="file"; filename="C:\\dir\\a.txt"', "a.txt"],
    ['name="file"; filename="C:\\dir\\"', "upload"],
    ['name="file"; filename="a\\"b.txt"', 'a"b.txt'],
    ['name="file"; filename="a; name=other; b.txt"', "a; name=other; b.txt"],
    ['filename="a\u2028b.txt"; name="file"', "ab.txt"],
    [`name="file"; filename*=utf8''%E2%82%AC.txt`, "€.txt"],
    [`name="file"; filename*=us-ascii''a.txt`, "a.txt"],
    [`name="file"; filename*=utf-16''x`, "upload"],
    [`name="file"; filename*=x.txt`, "upload"],
    ['name="file";\r\n filename="folded.txt"', "folded.txt"],
    ['\r\n\tname="file"; filename="folded.txt"', "folded.txt"],
    ['name="file"; filename="a.txt"\r\nContent-Transfer-Encoding: Binary', "a.txt"],
  ])("understands %s", async (disposition, name) => {
    const body = `${part(disposition, "x")}--b--`;
    const sent = { method: "POST", headers: multipart, body };
    expect(await stored(await server.fetch("/api/uploads", sent))).toMatchObject({ name, size: 1 });
  });

  test("a form in which no file was chosen is 422", async () => {
    const body = `${part('name="file"; filename=""', "")}--b--`;
    const response = await server.fetch("/api/uploads", {
      method: "POST",
      headers: multipart,
      body,
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: "/file" }] });
    await nothingIsLeft();
  });

  const EMPTY = part('name="file"; filename=""', "");
  const EMPTY_OTHER = part('name="other"; filename=""', "");
  test.each([
    ["before the file", `${EMPTY}${FILE}`],
    ["after the file", `${FILE}${EMPTY}`],
    ["of another name", `${EMPTY_OTHER}${FILE}`],
  ])("a second file input without a file is ignored: %s", async (_, body) => {
    const sent = { method: "POST", headers: multipart, body: `${body}--b--` };
    expect(await stored(await server.fetch("/api/uploads", sent))).toMatchObject({ name: "x" });
  });

  const TEXT = part('name="file"', "x".repeat(70_000));
  const OTHER = part('name="other"; filename="x"', "x".repeat(70_000));
  const FILES = part('name="files"; filename="x"', "x").repeat(17);
  test.each([
    ["no file was chosen in any input", `${EMPTY_OTHER}${EMPTY}`, 422, "has no file"],
    ["the field is text", part('name="file"', "x"), 422, "no filename"],
    ["the field is a long text", TEXT, 422, "no filename"],
    ["17 files are in another field", FILES, 422, 'field "files"'],
    ["the file has no field", part('filename="x"', "x"), 422, 'field ""'],
    ["a long file is in another field, too", `${FILE}${OTHER}`, 413, "Everything but the file"],
  ])("the problem says what is wrong if %s", async (_, body, status, detail) => {
    const sent = { method: "POST", headers: multipart, body: `${body}--b--` };
    const response = await server.fetch("/api/uploads", sent);
    expect(await response.json()).toMatchObject({
      status,
      detail: expect.stringContaining(detail),
    });
  });

  test.each(["Content-Transfer-Encoding: base64", "content-encoding:gzip"])(
    "an encoded file in a form is 415: %s",
    async (header) => {
      const body = `${part(`name="file"; filename="x"\r\n${header}`, "eA==")}--b--`;
      const sent = { method: "POST", headers: multipart, body };
      expect((await server.fetch("/api/uploads", sent)).status).toBe(415);
      await nothingIsLeft();
    },
  );

  test.each([
    ["long", part(';a="x'.repeat(12_000), "x"), 413],
    ["many", part(';a="x'.repeat(750), "x").repeat(15), 422],
  ])("%s headers of parts do not block the server", async (_, body, status) => {
    const started = performance.now();
    const sent = { method: "POST", headers: multipart, body: `${body}--b--` };
    expect((await server.fetch("/api/uploads", sent)).status).toBe(status);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test.each([1, 100_000, 250_000])(
    "a file of %i bytes in another field is 422 that names both fields",
    async (size) => {
      const body = new FormData();
      body.append("other", new Blob([new Uint8Array(size)]), "x.bin");
      const response = await server.fetch("/api/uploads", { method: "POST", body });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        detail: expect.stringMatching(/"other".*"file"/),
        errors: [{ pointer: "/file" }],
      });
    },
  );

  test("an encoded body is 415", async () => {
    for (const encoding of ["gzip", "br", "x"]) {
      const headers = { "content-encoding": encoding };
      const response = await server.fetch("/api/uploads?name=x", {
        method: "POST",
        headers,
        body: "x",
      });
      expect(response.status).toBe(415);
    }
  });

  test("a boundary may have more than the 70 characters of the standard", async () => {
    const boundary = "x".repeat(200);
    const body = FILE.replaceAll("--b", `--${boundary}`);
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const init = { method: "POST", headers, body: `${body}--${boundary}--\r\n` };
    expect((await stored(await server.fetch("/api/uploads", init))).name).toBe("x");
  });

  test("a part of a file is 400", async () => {
    const headers = { "content-range": "bytes 3-4/5" };
    const init = { method: "POST", headers, body: "lo" };
    expect((await server.fetch("/api/uploads?name=x", init)).status).toBe(400);
  });

  test("what follows the form is read and ignored", async () => {
    const body = `${FILE}--b--\r\nan epilogue`;
    const chunks = async function* () {
      for (const character of body) yield Buffer.from(character);
    };
    const sent = { method: "POST", headers: multipart, body: streamOf(chunks()) };
    expect(await stored(await server.fetch("/api/uploads", sent))).toMatchObject({ size: 1 });
  });

  test.each([
    ["neither a form nor a name", {}, "x", 415],
    ["no boundary", { "content-type": "multipart/form-data" }, "x", 400],
    ["no file", multipart, `${part('name="a"', "x")}--b--`, 422],
    ["another field", multipart, `${part('name="a"; filename="x"', "x")}--b--`, 422],
    ["two files", multipart, `${FILE}${FILE}--b--`, 422],
    ["no end", multipart, FILE, 400],
    ["no end after the file", multipart, `${FILE}--b\r\n`, 400],
    ["many parts after the file", multipart, FILE + part('name="a"', "").repeat(20), 413],
    ["text instead of multipart", multipart, "x".repeat(100), 400],
    ["a long preamble", multipart, "x".repeat(70_000), 413],
    ["a long epilogue", multipart, `${FILE}--b--\r\n${"x".repeat(70_000)}`, 413],
    ["many parts", multipart, part('name="a"', "").repeat(20), 413],
  ])("refuses a body with %s", async (_, headers, body, status) => {
    const before = await readdir(join(server.dataDir, "uploads"));
    const response = await server.fetch("/api/uploads", { method: "POST", headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status });
    await nothingIsLeft();
    expect(await readdir(join(server.dataDir, "uploads"))).toEqual(before);
  });

  const asForm = "Content-Type: multipart/form-data; boundary=b";
  test.each([
    ["a long body", "Content-Length: 100000", "half"],
    ["a body of unknown length", "Transfer-Encoding: chunked", "4\r\nhalf\r\n"],
    ["what follows a form", `Content-Length: 100000\r\n${asForm}`, `${FILE}--b--\r\n`],
  ])("a client that disconnects during %s leaves nothing", async (_, header, body) => {
    const before = await readdir(join(server.dataDir, "uploads"));
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(server.url).port),
      socket: { data: () => undefined },
    });
    socket.write(
      `POST /api/uploads?name=x HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n${body}`,
    );
    while ((await leftovers()).length === 0) await Bun.sleep(5);
    socket.terminate();
    await nothingIsLeft();
    expect(await readdir(join(server.dataDir, "uploads"))).toEqual(before);
  });

  test("incomplete uploads of a killed server are deleted by a start a day later", async () => {
    await using killed = await TestServer.start();
    async function* endless() {
      for (;;) {
        yield Buffer.alloc(1000);
        await Bun.sleep(10);
      }
    }
    const sending = killed
      .fetch("/api/uploads?name=x", { method: "POST", body: streamOf(endless()) })
      .catch(() => undefined);
    while ((await leftovers(killed)).length < 2) await Bun.sleep(5);
    await killed.stop("SIGKILL");
    await sending;
    await killed.restart();
    // A younger one may be an upload that another instance is receiving.
    const paths = (await leftovers(killed)).map((name) => join(incoming(killed), name));
    expect(paths).toHaveLength(2);
    await killed.stop();
    for (const path of paths) await utimes(path, TWO_DAYS_AGO, TWO_DAYS_AGO);
    await killed.restart();
    expect(await leftovers(killed)).toEqual([]);
  });

  test("uploads work after the temporary folder was deleted", async () => {
    await using server = await TestServer.start();
    await rm(incoming(server), { recursive: true });
    const response = await server.fetch("/api/uploads?name=x", { method: "POST", body: "x" });
    expect(response.status).toBe(201);
  });
});

describe("GET", () => {
  const content = "0123456789";
  let path: string;
  let etag: string;
  beforeAll(async () => {
    path = `/api/uploads/${(await stored(await raw(content))).id}`;
    etag = (await server.fetch(path)).headers.get("etag") ?? "";
  });
  const get = (headers: Record<string, string>) => server.fetch(path, { headers });

  test("sends the file as a download that no browser executes", async () => {
    const response = await get({});
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "content-disposition": 'attachment; filename="a.txt"',
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      "x-accel-buffering": "no",
      etag: expect.stringMatching(/^"[\da-f]{64}"$/),
    });
    // Ranges apply to GET only.
    for (const headers of [{}, { range: "bytes=0-1" }, { range: "bytes=99-" }]) {
      const head = await server.fetch(path, { method: "HEAD", headers });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe("10");
    }
  });

  test.each([
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", content, "bytes 0-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
  ])("Range: %s is 206", async (range, text, contentRange) => {
    const response = await get({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(`${text.length}`);
    expect(await response.text()).toBe(text);
  });

  test.each(["bytes=10-", "bytes=99-100", "bytes=-0"])("Range: %s is 416", async (range) => {
    const response = await get({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe("bytes */10");
  });

  test.each(["bytes=4-2", "lines=0-1", "bytes=a-b", "bytes=0-1,4-5", "bytes=-"])(
    "Range: %s is ignored",
    async (range) => {
      const response = await get({ range });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(content);
    },
  );

  test("ranges of an empty file", async () => {
    const empty = `/api/uploads/${(await stored(await raw("", "empty"))).id}`;
    // All of an empty file is a valid suffix range (RFC 9110, section 14.1.2), which Content-Range cannot express.
    for (const range of [
      "bytes=-5",
      "bytes=5-2",
      "lines=0-1",
      "bytes=a-b",
      "bytes=0-1,4-5",
      "bytes=-",
    ]) {
      const response = await server.fetch(empty, { headers: { range } });
      expect([range, response.status]).toEqual([range, 200]);
      expect(response.headers.get("content-length")).toBe("0");
      expect(response.headers.get("content-disposition")).toContain("empty");
      expect(await response.text()).toBe("");
    }
    for (const range of ["bytes=0-", "bytes=0-0", "bytes=5-9", "bytes=-0"]) {
      const response = await server.fetch(empty, { headers: { range } });
      expect([range, response.status]).toEqual([range, 416]);
      expect(response.headers.get("content-range")).toBe("bytes */0");
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    const stale = { range: "bytes=0-", "if-range": '"other"' };
    expect((await server.fetch(empty, { headers: stale })).status).toBe(200);
  });

  test("If-Range returns a range only of the same version", async () => {
    const range = "bytes=0-1";
    expect((await get({ range, "if-range": etag })).status).toBe(206);
    for (const other of ['"other"', `W/${etag}`, "Wed, 21 Oct 2015 07:28:00 GMT"]) {
      expect((await get({ range, "if-range": other })).status).toBe(200);
    }
  });

  test("If-None-Match is 304 for the version that the client has", async () => {
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await get({ "if-none-match": tag });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
    }
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
  });

  test.each([
    "x",
    ".incoming",
    "..%2f..%2fmessages.db",
    "%2e%2e%2fmessages.db",
    "%00",
    "0".repeat(36),
    "00000000-0000-4000-8000-000000000000",
    "00000000-0000-4000-8000-000000000000%2fupload.json",
    "x".repeat(300),
  ])("there is no upload %s", async (id) => {
    const response = await server.fetch(`/api/uploads/${id}`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });
});
