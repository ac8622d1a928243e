// Which `traceparent` headers are valid: https://www.w3.org/TR/trace-context-2/#traceparent-header
import { expect, test } from "bun:test";
import { requestIds } from "../src/http.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test.each([
  `00-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-00`,
  `cc-${traceId}-${spanId}-01`,
  `cc-${traceId}-${spanId}-01-what-the-future-will-be-like`,
])("%s is valid", (header) => {
  expect(requestIds(new Headers({ traceparent: header }))).toMatchObject({ traceId, spanId });
});

test.each([
  ["an empty header", ""],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["uppercase digits", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["the forbidden version", `ff-${traceId}-${spanId}-01`],
  ["version 00 with more parts", `00-${traceId}-${spanId}-01-more`],
  ["a later version whose flags run on", `cc-${traceId}-${spanId}-01.more`],
  ["a short trace id", `00-${traceId.slice(1)}-${spanId}-01`],
  ["two headers, joined", `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  ["an oversized header", `cc-${traceId}-${spanId}-01-${"a".repeat(1000)}`],
])("%s is not valid", (_case, header) => {
  expect(requestIds(new Headers({ traceparent: header })).traceId).toBeUndefined();
});
