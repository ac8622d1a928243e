// Structured logs: JSON lines in production, readable text otherwise, with the fields of the request at hand.
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
import type { BunRequest, Server } from "bun";

/** The project's logger; `getLogger(["app", "part"])` of LogTape gives one of its parts. */
export const log = getLogger(["app"]);

/** Lines that are printed whatever the level is: where the service listens, and how it stops. */
export const notice = getLogger(["notice"]);

/** For the `report` option of `Lifecycle`: a notice, or with an error what failed and why. */
export function report(message: string, error?: unknown): void {
  if (error === undefined) notice.info(message);
  else notice.error("{what}: {error}", { what: message, error });
}

export interface LogOptions {
  readonly LOG_LEVEL: LogLevel | "warn";
  readonly NODE_ENV: string;
}

/** Fields that every line logged inside a request's handler carries. */
const context = new AsyncLocalStorage<Record<string, unknown>>();

/** Whether lines are JSON: what `setupLog` decided. */
let json = false;

/**
 * Sends the logs to stdout, a record a line (in text, an error's stack follows). Values of fields
 * whose names look like secrets are redacted, at any depth and inside the message.
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

/** JSON with strings in the message as they are, not quoted. */
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
      return {
        name,
        message,
        ...("code" in error ? { code: error.code } : {}),
        stack: trace(error),
      };
    }),
  });
}

/** Text: the message, and the fields that it doesn't name; in colour on a terminal without NO_COLOR. */
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
  const shown = (error: Error) => ({ [inspect.custom]: () => trace(error) });
  return (record) =>
    format({
      ...record,
      message: record.message.map((part) => (part instanceof Error ? shown(part) : part)),
      properties: mapErrors(record.properties, shown),
    });
}

const ONE_LINE = { breakLength: Number.POSITIVE_INFINITY };

/** Errors carry fields that redaction doesn't reach, such as the headers of a failed request. */
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

/** The stack of an error and of its causes, five at the most: a chain may be a ring. */
function trace(error: Error, depth = 5): string {
  const stack = error.stack ?? String(error);
  if (!(error.cause instanceof Error) || depth === 1) return stack;
  return `${stack}\ncaused by ${trace(error.cause, depth - 1)}`;
}

/** Characters that wait for a slow reader at the most. */
const MAX_WAITING = 1024 * 1024;

/**
 * stdout, written once per turn of the event loop. A reader that stalls neither blocks the service
 * nor costs more memory than `MAX_WAITING`: lines past that are dropped, and their number is logged
 * once it reads again. When the reader is gone, lines go nowhere.
 */
class Output {
  readonly #sink = Bun.stdout.writer();
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #closed = false;

  write(line: string): void {
    if (this.#closed) return;
    if (this.#waiting.length > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting += line;
    this.#writing ??= this.#drain().catch(() => {
      this.#closed = true;
    });
  }

  /** Resolves when every line so far is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Hands over what waits; of that, a pipe takes at once what it has room for (64 KiB on Linux). */
  writeNow(): number | Promise<number> {
    this.#sink.write(this.#take());
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      notice.warn("{dropped} log lines were dropped: nobody read them", { dropped });
      this.#sink.write(this.#take());
    }
    return this.#sink.flush();
  }

  #take(): string {
    const taken = this.#waiting;
    this.#waiting = "";
    return taken;
  }

  async #drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting !== "") await this.writeNow();
    this.#writing = undefined;
  }
}

declare global {
  var logOutput: Output | undefined;
}

/** One for the process: `bun --hot` evaluates this module again after each edit. */
globalThis.logOutput ??= openOutput();
const output = globalThis.logOutput;

function openOutput(): Output {
  const output = new Output();
  process.on("exit", () => {
    output.writeNow();
  });
  return output;
}

/** Waits until every line so far is written. Call it before the process ends. */
export function flushLogs(): Promise<void> {
  return output.flush();
}

type Answer = Response | undefined;
type Handler<Data> = (request: BunRequest, server: Server<Data>) => Answer | Promise<Answer>;

/** A request id that a proxy in front may set: printable, without spaces, of a bearable length. */
const SANE_ID = /^[\w.:/+=@-]{1,128}$/;

/** Id of the request: inside its handler the one that is logged, which an upgrade has to send by itself. */
export function requestId(request: Request): string {
  const known = context.getStore()?.requestId;
  return typeof known === "string" ? known : idFor(request);
}

/** The id that a request came with, if that is sane, else a new UUID. */
function idFor(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && SANE_ID.test(given) ? given : crypto.randomUUID();
}

interface RequestFields {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Milliseconds until the response started. */
  readonly ms: number;
  readonly requestId: string;
}

const http = getLogger(["app", "http"]);

/**
 * The line of a request. JSON goes past LogTape, whose record costs more than the rest of a small
 * request does: the line has the same shape, and there is nothing to redact in it.
 */
function logRequest(properties: RequestFields): void {
  const { method, path, status } = properties;
  if (!json) {
    http.info("{method} {path} {status}", { ...properties });
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

/**
 * Middleware: gives every response an `x-request-id` and `x-content-type-options: nosniff`, every log
 * line inside the handler the same `requestId`, and logs each request once, when its response starts.
 * Make it after `setupLog`: whether requests are logged is decided here.
 */
export function requestLog<Data>(): (next: Handler<Data>) => Handler<Data> {
  const enabled = http.isEnabledFor("info");
  const record = (request: Request, requestId: string, started: number, status: number) => {
    const ms = Math.round((performance.now() - started) * 1000) / 1000;
    logRequest({ method: request.method, path: pathOf(request.url), status, ms, requestId });
  };
  const done = (request: Request, id: string, started: number, answer: Answer): Answer => {
    answer?.headers.set("x-request-id", id);
    answer?.headers.set("x-content-type-options", "nosniff");
    if (enabled) record(request, id, started, answer?.status ?? 101);
    return answer;
  };
  return (next) => (request, server) => {
    const id = idFor(request);
    const started = performance.now();
    const failed = (error: unknown): never => {
      if (enabled) record(request, id, started, 500);
      throw error;
    };
    try {
      const answer = context.run({ requestId: id }, next, request, server);
      if (!(answer instanceof Promise)) return done(request, id, started, answer);
      return answer.then((response) => done(request, id, started, response), failed);
    } catch (error) {
      return failed(error);
    }
  };
}

/**
 * The path of a URL, without the query, which may hold what does not belong in a log. Without a Host
 * header field the URL of a request is only its path.
 */
function pathOf(url: string): string {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
