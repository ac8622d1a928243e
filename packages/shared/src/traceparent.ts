// Trace context: reads the `traceparent` header, so that log lines can carry the ids of the trace.

export interface TraceContext {
  /** 32 lowercase hexadecimal digits. */
  readonly traceId: string;
  /** Id of the caller's span, the `parent-id` of the header: 16 lowercase hexadecimal digits. */
  readonly spanId: string;
}

/** Version, trace-id, parent-id and flags, with what a later version may add after another dash. */
const TRACEPARENT =
  /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/;

/** Exact length of version 00, which nothing may follow. */
const VERSION_00_LENGTH = 55;

/** The specification sets no limit for later versions. No tracer sends more than this. */
const MAX_LENGTH = 512;

/**
 * Parses a `traceparent` header by W3C Trace Context Level 2. Returns undefined when it is missing or
 * invalid, which includes ids of zeros, uppercase digits, and several headers joined by commas. A
 * version later than 00 is parsed as if it were 00, as the specification requires.
 * @see https://www.w3.org/TR/trace-context-2/#traceparent-header
 */
export function parseTraceparent(header: string | null | undefined): TraceContext | undefined {
  if (!header || header.length > MAX_LENGTH) return undefined;
  if (header.startsWith("00") && header.length !== VERSION_00_LENGTH) return undefined;
  const [, traceId, spanId] = TRACEPARENT.exec(header) ?? [];
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined;
}
