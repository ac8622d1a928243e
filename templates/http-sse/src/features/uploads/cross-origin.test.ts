// Uploads by forms of other web pages, which browsers send without a preflight.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";

const ORIGIN = "https://app.example.com";

describe("a form of a cross-origin page", () => {
  const form = () => {
    const body = new FormData();
    body.append("file", new Blob(["x"]), "x.txt");
    return body;
  };
  const send = (server: TestServer, headers: Record<string, string>, raw = false) =>
    raw
      ? server.fetch("/api/uploads?name=x", {
          method: "POST",
          headers: { "content-type": "text/plain", ...headers },
          body: "x",
        })
      : server.fetch("/api/uploads", { method: "POST", headers, body: form() });

  test("is 403, although no preflight protects it", async () => {
    await using server = await TestServer.start();
    const origins = ["https://evil.example", "null", `http://127.0.0.1:1`, "http://localhost"];
    for (const origin of origins) {
      for (const isRaw of [false, true]) {
        const response = await send(server, { origin, "sec-fetch-site": "cross-site" }, isRaw);
        expect([origin, isRaw, response.status]).toEqual([origin, isRaw, 403]);
        expect(response.headers.get("content-type")).toBe("application/problem+json");
      }
    }
    const stored = await readdir(join(server.dataDir, "uploads"));
    expect(stored.filter((name) => name !== ".incoming")).toEqual([]);
  });

  test("is accepted from the service's own page, a listed origin, and without a browser", async () => {
    await using server = await TestServer.start({ CORS_ORIGINS: ORIGIN });
    for (const headers of [{ origin: server.url }, { origin: ORIGIN }, {}]) {
      expect((await send(server, headers)).status).toBe(201);
    }
  });
});
