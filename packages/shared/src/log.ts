// Structured logs: JSON lines in production, readable text otherwise, with the fields of the current request.
import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import {
  configureSync,
  getAnsiColorFormatter,
  getLogger,
  getTextFormatter,
  jsonLinesFormatter,
  type LogRecord,
} from "@logtape/logtape";
import { redactByField } from "@logtape/redaction";
import type { ServiceEnv } from "./env.ts";

type LogVariables = Pick<ServiceEnv, "LOG_LEVEL" | "NODE_ENV">;

/**
 * Names of fields whose values are redacted: in objects and arrays, at any depth, and inside the message. Words that also
 * occur in other names, such as the "auth" of `author`, have to match completely.
 */
const REDACTED_FIELDS = [
  /pass(code|phrase|wd|word)|secret|token|credential|cookie|signature|authorization/i,
  /(access|api|encryption|private|signing)[-_]?key/i,
  /(database|redis)_?ur[il]/i,
  /e-?mail|phone/i,
  /^(auth|ssn)$/i,
];

/**
 * The project's logger. `log.getChild("part")` returns a logger for one of its parts. Fields that `REDACTED_FIELDS` lists
 * are redacted.
 */
export const log = getLogger(["app"]);

/** Logger that ignores `LOG_LEVEL`, for lines such as where the service listens and which database it uses. */
export const notice = getLogger(["notice"]);

const httpLog = log.getChild("http");

/** Whether lines are JSON; set by `setupLog`. */
let isJson = false;

/**
 * Sends the logs to stdout, one record per line (in text, the stack of an error follows), without the values of
 * `REDACTED_FIELDS`.
 */
export function setupLog({ LOG_LEVEL, NODE_ENV }: LogVariables): void {
  isJson = NODE_ENV === "production";
  const format = isJson ? formatJson : textFormatter();
  const redacted = redactByField((record) => output.write(format(withPlainErrors(record))), {
    fieldPatterns: REDACTED_FIELDS,
    action: () => "[redacted]",
  });
  // LogTape calls it when the process exits.
  const stdout = Object.assign(redacted, { [Symbol.dispose]: () => void output.writeNow() });
  const sinks = ["stdout" as const];
  configureSync<"stdout", string>({
    reset: true,
    // For the ids of a request, see `requestLog`.
    contextLocalStorage: new AsyncLocalStorage(),
    sinks: { stdout },
    loggers: [
      { category: [], sinks, lowestLevel: LOG_LEVEL === "warn" ? "warning" : LOG_LEVEL },
      { category: "notice", sinks, parentSinks: "override", lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks, parentSinks: "override", lowestLevel: "warning" },
    ],
  });
}

/** Replaces errors: they may have fields that redaction does not reach, such as a failed request's headers. */
function withPlainErrors(record: LogRecord): LogRecord {
  const plain = (value: unknown) => (value instanceof Error ? plainError(value) : value);
  const message = record.message.map(plain);
  const properties = Object.entries(record.properties).map(([key, value]) => [key, plain(value)]);
  return { ...record, message, properties: Object.fromEntries(properties) };
}

/** A copy that has only a name, a message, a code and a stack, which includes the causes. */
function plainError(error: Error): Error {
  const copy = new Error(error.message);
  Object.defineProperties(copy, { name: { value: error.name }, stack: { value: stackOf(error) } });
  return "code" in error ? Object.assign(copy, { code: error.code }) : copy;
}

/** The stacks of an error and of what caused it, up to five levels deep; the limit ends a circular chain. */
function stackOf(error: Error, depth = 5): string {
  const stack = error.stack ?? String(error);
  if (depth === 1) return stack;
  const causes = [
    error.cause,
    ...(error instanceof AggregateError ? error.errors.slice(0, 5) : []),
  ];
  const stacks = causes.filter((it) => it instanceof Error).map((it) => stackOf(it, depth - 1));
  return [stack, ...stacks].join("\ncaused by ");
}

/** A JSON line. LogTape alone would put the strings in the message in quotes. */
function formatJson(record: LogRecord): string {
  const message = record.message.map((part) =>
    typeof part === "string" || part instanceof Error ? part : inspectInline(part),
  );
  return jsonLinesFormatter({ ...record, message: [message.join("")] });
}

/** Control characters except line breaks, tabs and colours. An error's message can contain ones that a client sent. */
const CONTROL = /(?!\p{Cc}\[[\d;]*m)[\p{Cc}--[\n\t]]/gv;

/** The message and the fields that it does not mention; coloured on a terminal unless NO_COLOR is set. */
function textFormatter(): (record: LogRecord) => string {
  const colors = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const format = (colors ? getAnsiColorFormatter : getTextFormatter)({
    timestamp: "time",
    value: "bare",
    format: ({ timestamp, level, category, message, record }) => {
      const { rawMessage, properties } = record;
      const rest = Object.entries(properties).filter(([key]) => !rawMessage.includes(`{${key}}`));
      const fields = rest.length > 0 ? ` ${inspectInline(Object.fromEntries(rest), colors)}` : "";
      return `${timestamp} ${level} ${category}: ${message}${fields}`;
    },
  });
  const toEscape = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return (record) => format(record).replace(CONTROL, toEscape);
}

function inspectInline(value: unknown, colors = false): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, colors });
}

/** The ids of a request: its own (`x-request-id`), and those of the trace that it belongs to (`traceparent`). */
export interface RequestIds {
  readonly requestId: string;
  /** 32 lowercase hexadecimal digits. */
  readonly traceId?: string;
  /** Id of the caller's span, the `parent-id` of the header: 16 lowercase hexadecimal digits. */
  readonly spanId?: string;
}

interface RequestFields extends RequestIds {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  readonly status: number;
  /** Milliseconds until the response started. */
  readonly ms: number;
}

/**
 * Writes the access log line of one request. JSON bypasses LogTape, whose record would cost more than
 * a small request itself; the line has the same shape and nothing in it needs redaction.
 */
export function logRequest(fields: RequestFields): void {
  const { method, path, status } = fields;
  const properties = { ...fields, ms: Math.round(fields.ms * 1000) / 1000 };
  if (!isJson) {
    httpLog.info("{method} {path} {status}", properties);
    return;
  }
  const line = {
    "@timestamp": new Date().toISOString(),
    level: "INFO",
    message: `${method} ${path} ${status}`,
    logger: "app.http",
    properties,
  };
  output.write(`${JSON.stringify(line)}\n`);
}

/** Characters that may be queued while nothing reads stdout. */
const MAX_QUEUED = 1024 * 1024;

/**
 * stdout, written once per tick of the event loop. A stalled reader neither blocks the service nor costs more memory
 * than about twice `MAX_QUEUED`: the text that is being written, and the queue. Lines beyond that, and lines for which
 * the disk has no space, are dropped; their number is logged with the next line that can be written. Once the reader
 * has closed the pipe, lines are discarded.
 */
class Output {
  readonly #sink = Bun.stdout.writer();
  #queue = { text: "", lines: 0, dropped: 0 };
  #isClosed = false;
  /** Resolves when every line so far is written. */
  written: Promise<void> | undefined;

  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#queue.text.length > MAX_QUEUED) {
      this.#queue.dropped += 1;
      return;
    }
    this.#queue.text += line;
    this.#queue.lines += 1;
    this.written ??= this.#writeQueued();
  }

  async #writeQueued(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.text !== "") await this.writeNow();
    this.written = undefined;
  }

  /** A full pipe (64 KiB on Linux) takes only a part of the queue immediately. Never rejects. */
  async writeNow(): Promise<void> {
    const { text, lines, dropped } = this.#queue;
    this.#queue = { text: "", lines: 0, dropped: 0 };
    try {
      this.#sink.write(text);
      await this.#sink.flush();
    } catch (error) {
      this.#isClosed = (error as NodeJS.ErrnoException).code === "EPIPE";
      this.#queue.dropped += lines + dropped;
      return;
    }
    if (dropped > 0) {
      notice.warn("{dropped} log lines were dropped because stdout could not be written", {
        dropped,
      });
    }
  }
}

const output = new Output();

/** Resolves when every line so far is written. Await it before the process exits. */
export async function flushLogs(): Promise<void> {
  await output.written;
}
