// The content encoding that the server chooses for an Accept-Encoding header.
import { expect, test } from "bun:test";
import { Hono } from "hono";
import { ENCODINGS, type Encoding, negotiateEncoding } from "../src/features/page/encoding.ts";

async function negotiate(
  accepted: string | null,
  available: Encoding[] = [...ENCODINGS],
): Promise<string> {
  const app = new Hono().get("/", (c) => c.text(negotiateEncoding(c, available)));
  const headers = accepted === null ? {} : { "accept-encoding": accepted };
  return (await app.request("/", { headers })).text();
}

test.each<[accepted: string | null, expected: string]>([
  [null, "identity"],
  ["", "identity"],
  ["br", "br"],
  ["gzip, deflate, br, zstd", "br"],
  ["gzip;q=1.0, br;q=0.8", "gzip"],
  ["GZIP", "gzip"],
  ["br;q=0", "identity"],
  ["*", "br"],
  ["*;q=0.5, br;q=0", "gzip"],
  ["identity, br;q=0.5", "identity"],
  ["deflate", "identity"],
  // Hono reads a malformed weight as 1.
  ["br;q=high", "br"],
  ["br; q=0.3 , gzip ; q=0.9", "gzip"],
  // Rather than no response.
  ["identity;q=0", "identity"],
  ["*;q=0", "identity"],
  ["identity;q=0, br", "br"],
])("%p → %p", async (accepted, expected) => {
  expect(await negotiate(accepted)).toBe(expected);
});

test("an encoding that is not available is not chosen", async () => {
  expect(await negotiate("br, gzip;q=0.1", ["gzip", "identity"])).toBe("gzip");
});
