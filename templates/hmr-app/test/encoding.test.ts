// Which content coding is chosen for an Accept-Encoding.
import { expect, test } from "bun:test";
import { type Coding, negotiate } from "../src/static/encoding.ts";

const all = () => true;

test.each<[accepted: string | null, chosen: Coding | undefined]>([
  [null, "identity"],
  ["", "identity"],
  ["br", "br"],
  ["gzip, deflate, br, zstd", "br"],
  ["gzip;q=1.0, br;q=0.8", "gzip"],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  ["br;q=0", "identity"],
  ["*", "br"],
  ["*;q=0.5, br;q=0", "gzip"],
  ["identity, br;q=0.5", "identity"],
  ["deflate", "identity"],
  ["br;q=high", "identity"],
  ["br; q=0.3 , gzip ; q=0.9", "gzip"],
  ["identity;q=0", undefined],
  ["*;q=0", undefined],
  ["identity;q=0, br", "br"],
])("%p → %p", (accepted, chosen) => {
  expect(negotiate(accepted, all)).toBe(chosen as Coding);
});

test("what is not there is not chosen", () => {
  expect(negotiate("br, gzip;q=0.1", (coding) => coding !== "br")).toBe("gzip");
});
