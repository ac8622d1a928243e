// Import and export: an import is all or nothing, and neither blocks other clients.
import { beforeAll, expect, test } from "bun:test";
import type { Service } from "../../service.ts";

const NDJSON = "application/x-ndjson";

export function importAndExport(service: () => Service): void {
  let author: { id: number; token: string };
  beforeAll(async () => {
    author = await service().newUser();
  });

  const send = (body: string, token: string | undefined = author.token) =>
    service().send("POST", "/api/articles/import", { token, body, type: NDJSON });
  const count = async (): Promise<number> => {
    const { text } = await service().send("GET", "/api/articles/export");
    return text.split("\n").filter((line) => line.includes(`"author":${author.id},`)).length;
  };
  const line = (title: string, body = "text") => JSON.stringify({ title, body });

  test("lines become articles of the sender, and an export can be imported", async () => {
    const before = await count();
    const { status, json } = await send(
      `${line("one")}\r\n\n${line("two")}\n${line("\u{1F426} three")}`,
    );
    expect(status).toBe(200);
    expect(json()).toEqual({ imported: 3 });
    expect(await count()).toBe(before + 3);
    const { text } = await service().send("GET", "/api/articles/export");
    expect((await send(text)).json()).toEqual({ imported: text.trimEnd().split("\n").length });
  });

  test("with a bad line nothing is imported, and the report names each one", async () => {
    const before = await count();
    const lines = [line("good"), "nope", "[]", line("x".repeat(201)), line("good"), line("")];
    const { status, headers, json } = await send(lines.join("\n"));
    expect(status).toBe(422);
    expect(headers.get("content-type")).toBe("application/problem+json");
    const { badLines, errors } = json() as {
      badLines: number;
      errors: { line: number; errors: object[] }[];
    };
    expect(badLines).toBe(4);
    expect(errors.map((bad) => bad.line)).toEqual([2, 3, 4, 6]);
    expect(errors[2]?.errors).toMatchObject([{ pointer: "/title" }]);
    expect(await count()).toBe(before);
  });

  test("a line that is too long or not UTF-8 is reported as a bad line", async () => {
    const long = await send(
      `${line("good")}\n${line("long", "x".repeat(2_000_000))}\n${line("good")}`,
    );
    expect(long.json().errors).toMatchObject([{ line: 2 }]);
    const response = await fetch(`${service().url}/api/articles/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${author.token}`, "content-type": NDJSON },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ line: 1 }] });
  });

  const newId = async (): Promise<number> => {
    const article = { token: author.token, body: { title: "t", body: "b" } };
    return Number((await service().send("POST", "/api/articles", article)).json().id);
  };

  test("an import that is refused after thousands of lines uses up no ids", async () => {
    const before = await newId();
    const good = `${line("good", "x".repeat(100))}\n`.repeat(5000);
    expect((await send(`${good}bad`)).status).toBe(422);
    expect(await newId()).toBe(before + 1);
  });

  test("an import that the client aborts leaves nothing, and uses up no ids", async () => {
    const id = await newId();
    const before = await count();
    const abort = new AbortController();
    const part = `${Array.from({ length: 1000 }, () => line("part")).join("\n")}\n`;
    const sending = fetch(`${service().url}/api/articles/import`, {
      method: "POST",
      signal: abort.signal,
      headers: { authorization: `Bearer ${author.token}`, "content-type": NDJSON },
      body: new ReadableStream({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode(part));
          await Bun.sleep(10);
        },
      }),
    });
    await Bun.sleep(200);
    abort.abort();
    expect(await sending.catch((error) => error)).toBeInstanceOf(Error);
    // The server notices a closed connection after a moment.
    while ((await send(line("after"))).status !== 200) await Bun.sleep(20);
    expect(await count()).toBe(before + 1);
    expect(await newId()).toBe(id + 2);
  });

  test("an import needs a token and an NDJSON content type", async () => {
    expect(
      (await service().send("POST", "/api/articles/import", { body: "", type: NDJSON })).status,
    ).toBe(401);
    const wrong = { token: author.token, body: "", type: "text/plain" };
    const { status, headers } = await service().send("POST", "/api/articles/import", wrong);
    expect(status).toBe(415);
    expect(headers.get("accept")).toContain(NDJSON);
  });

  test("a compressed import is 415", async () => {
    const sent = { token: author.token, body: line("t"), type: NDJSON };
    const headers = { "content-encoding": "gzip" };
    const { status } = await service().send("POST", "/api/articles/import", { ...sent, headers });
    expect(status).toBe(415);
  });

  test("HEAD of an export has the headers and no body", async () => {
    const { status, headers, text } = await service().send("HEAD", "/api/articles/export");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe(NDJSON);
    expect(text).toBe("");
  });

  test.each([
    ["DELETE", "/api/articles/export", "GET"],
    ["GET", "/api/articles/import", "POST"],
    ["DELETE", "/api/articles", "GET"],
    ["POST", "/api/articles/1", "PATCH"],
  ])("%s %s is 405 with Allow", async (method, path, allowed) => {
    const { status, headers } = await service().send(method, path);
    expect(status).toBe(405);
    expect(headers.get("allow")).toContain(allowed);
  });

  test("other clients read and write during a large import, and the service stays ready", async () => {
    const other = await service().newUser();
    const body = Array.from({ length: 20_000 }, (_, i) =>
      line(`bulk ${i}`, "some words ".repeat(10)),
    ).join("\n");
    let importing = true;
    const imported = send(body).finally(() => {
      importing = false;
    });
    let requests = 0;
    while (importing || requests === 0) {
      const article = { token: other.token, body: { title: "concurrent", body: "x" } };
      const written = await service().send("POST", "/api/articles", article);
      expect(written.status).toBe(201);
      const read = await service().send("GET", `/api/articles/${written.json().id}`);
      expect(read.status).toBe(200);
      expect((await service().send("GET", "/readyz")).status).toBe(200);
      requests += 1;
    }
    expect((await imported).json()).toEqual({ imported: 20_000 });
  }, 60_000);

  test("concurrent exports are complete, and a cancelled one releases its slot", async () => {
    const exported = async () => (await service().send("GET", "/api/articles/export")).text;
    const [one, ...others] = await Promise.all(Array.from({ length: 4 }, exported));
    for (const other of others) expect(other === one).toBe(true);
    for (let dropped = 0; dropped < 20; ) {
      const response = await fetch(`${service().url}/api/articles/export`);
      await response.body?.cancel();
      // The server notices a closed connection after a moment.
      if (response.status === 200) dropped += 1;
      else await Bun.sleep(20);
    }
  });
}
