// The ids of a request: its own (`x-request-id`), and those of the trace that it belongs to (`traceparent`).

export interface RequestIds {
  readonly requestId: string;
  /** 32 lowercase hexadecimal digits. */
  readonly traceId?: string;
  /** Id of the caller's span, the `parent-id` of the header: 16 lowercase hexadecimal digits. */
  readonly spanId?: string;
}

/** An incoming request id: printable, without blanks, at most 128 characters. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;

/**
 * Version, trace-id, parent-id and flags. After another dash a later version may add more; no tracer
 * sends more than 512 characters.
 */
const TRACEPARENT =
  /^(?!ff|00.{54}|.{513})[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/;

/**
 * The incoming request id, or a new UUID if that is missing or malformed; and the ids of a valid `traceparent` header by
 * W3C Trace Context Level 2 (https://www.w3.org/TR/trace-context-2/). Ids of zeros, uppercase digits and several headers
 * joined by commas are not valid. A version later than 00 is parsed as if it were 00.
 */
export function requestIds(headers: Headers): RequestIds {
  const given = headers.get("x-request-id");
  const requestId = given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID();
  const [, traceId, spanId] = TRACEPARENT.exec(headers.get("traceparent") ?? "") ?? [];
  return traceId && spanId ? { requestId, traceId, spanId } : { requestId };
}
