// Structured logs: JSON lines in production, readable text otherwise, with the fields of the current request.
import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import {
  configure,
  getAnsiColorFormatter,
  getLogger,
  getTextFormatter,
  jsonLinesFormatter,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import { DEFAULT_REDACT_FIELDS, redactByField } from "@logtape/redaction";

/** The project's logger. `log.getChild("part")` returns a logger for one of its parts. */
export const log = getLogger(["app"]);

/** Logged whatever `LOG_LEVEL` is: where the service listens, and how it stops. */
export const notice = getLogger(["notice"]);

export interface LogOptions {
  readonly LOG_LEVEL: LogLevel | "warn";
  readonly NODE_ENV: string;
}

/** Fields that every line logged while a request is handled carries. */
const context = new AsyncLocalStorage<Record<string, unknown>>();

/** Runs `callback`; every line that it logs, also after an await, carries `fields`. */
export function withLogFields<T>(fields: Record<string, unknown>, callback: () => T): T {
  return context.run(fields, callback);
}

/** Whether lines are JSON; set by `setupLog`. */
let json = false;

/**
 * Sends the logs to stdout, one record per line (in text, the stack of an error follows). Values of
 * fields whose names look like secrets are redacted, at any depth and inside the message.
 */
export async function setupLog({ LOG_LEVEL, NODE_ENV }: LogOptions): Promise<void> {
  json = NODE_ENV === "production";
  const format = json ? formatJson : textFormatter();
  const stdout = redactByField((record) => output.write(format(record)), {
    fieldPatterns: [...DEFAULT_REDACT_FIELDS, /cookie/i, /(database|redis)_?ur[il]/i],
    action: () => "[redacted]",
  });
  const sinks = ["stdout" as const];
  await configure<"stdout", string>({
    reset: true,
    contextLocalStorage: context,
    sinks: { stdout },
    loggers: [
      { category: [], sinks, lowestLevel: LOG_LEVEL === "warn" ? "warning" : LOG_LEVEL },
      { category: "notice", sinks, parentSinks: "override", lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks, parentSinks: "override", lowestLevel: "warning" },
    ],
  });
}

/** JSON, with the strings in the message unquoted. */
function formatJson(record: LogRecord): string {
  const message = record.message.map((part) => {
    if (typeof part === "string") return part;
    return part instanceof Error ? String(part) : inspect(part, ONE_LINE);
  });
  return jsonLinesFormatter({
    ...record,
    message: [message.join("")],
    properties: mapErrors(record.properties, (error) => {
      const { name, message } = error;
      const code = "code" in error ? { code: error.code } : {};
      return { name, message, ...code, stack: stackOf(error) };
    }),
  });
}

/** Text: the message and the fields that it does not mention; coloured on a terminal unless NO_COLOR is set. */
function textFormatter(): (record: LogRecord) => string {
  const colors = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const format = (colors ? getAnsiColorFormatter : getTextFormatter)({
    timestamp: "time",
    value: "bare",
    format: ({ timestamp, level, category, message, record }) => {
      const { rawMessage, properties } = record;
      const rest = Object.entries(properties).filter(([key]) => !rawMessage.includes(`{${key}}`));
      const fields =
        rest.length === 0 ? "" : ` ${inspect(Object.fromEntries(rest), { ...ONE_LINE, colors })}`;
      return `${timestamp} ${level} ${category}: ${message}${fields}`;
    },
  });
  const withStack = (error: Error) => ({ [inspect.custom]: () => stackOf(error) });
  return (record) =>
    format({
      ...record,
      message: record.message.map((part) => (part instanceof Error ? withStack(part) : part)),
      properties: mapErrors(record.properties, withStack),
    });
}

const ONE_LINE = { breakLength: Number.POSITIVE_INFINITY };

/** Replaces errors: they carry fields that redaction does not reach, such as the headers of a failed request. */
function mapErrors(
  properties: Record<string, unknown>,
  map: (error: Error) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      value instanceof Error ? map(value) : value,
    ]),
  );
}

/** The stacks of an error and of up to four causes; the limit ends a circular chain. */
function stackOf(error: Error, depth = 5): string {
  const stack = error.stack ?? String(error);
  if (!(error.cause instanceof Error) || depth === 1) return stack;
  return `${stack}\ncaused by ${stackOf(error.cause, depth - 1)}`;
}

export interface RequestFields {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  readonly status: number;
  /** Milliseconds until the response started. */
  readonly ms: number;
  readonly requestId: string;
  readonly traceId?: string;
  readonly spanId?: string;
}

const httpLog = log.getChild("http");

/** Whether the access log is on: the level is `info` or lower. */
export function logsRequests(): boolean {
  return httpLog.isEnabledFor("info");
}

/**
 * Writes the access log line of one request. JSON bypasses LogTape, whose record would cost more than
 * the rest of a small request; the line has the same shape and nothing in it needs redaction.
 */
export function logRequest(properties: RequestFields): void {
  const { method, path, status } = properties;
  if (!json) {
    httpLog.info("{method} {path} {status}", { ...properties });
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
 * stdout, written once per tick of the event loop. A stalled reader neither blocks the service nor
 * costs more memory than `MAX_QUEUED`: lines beyond that are dropped, and their number is logged when
 * the reader continues. Once the reader has closed the pipe, lines are discarded.
 */
class Output {
  readonly #sink = Bun.stdout.writer();
  #queued = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #closed = false;

  write(line: string): void {
    if (this.#closed) return;
    if (this.#queued.length > MAX_QUEUED) {
      this.#dropped += 1;
      return;
    }
    this.#queued += line;
    this.#writing ??= this.#writeQueued().catch(() => {
      this.#closed = true;
    });
  }

  /** Resolves when every line so far is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Writes the queue. A full pipe (64 KiB on Linux) takes only a part of it immediately. */
  writeNow(): number | Promise<number> {
    this.#sink.write(this.#takeQueued());
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      notice.warn("{dropped} log lines were dropped because stdout was not read", { dropped });
      this.#sink.write(this.#takeQueued());
    }
    return this.#sink.flush();
  }

  #takeQueued(): string {
    const taken = this.#queued;
    this.#queued = "";
    return taken;
  }

  async #writeQueued(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queued !== "") await this.writeNow();
    this.#writing = undefined;
  }
}

declare global {
  var logOutput: Output | undefined;
}

/** One per process: `bun --hot` evaluates this module again after each edit. */
globalThis.logOutput ??= openOutput();
const output = globalThis.logOutput;

function openOutput(): Output {
  const output = new Output();
  process.on("exit", () => {
    output.writeNow();
  });
  return output;
}

/** Resolves when every line so far is written. Await it before the process exits. */
export function flushLogs(): Promise<void> {
  return output.flush();
}
