// Structured logs: JSON lines in production, readable text otherwise, with the fields of the request at hand.
import { AsyncLocalStorage } from "node:async_hooks";
import {
  ansiColorFormatter,
  configure,
  getLogger,
  jsonLinesFormatter,
  type LogLevel,
  type LogRecord,
  withContext,
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

/**
 * Sends the logs to stdout, a record a line. Fields whose names look like secrets are redacted.
 * Lines are buffered for the current turn of the event loop; `flushLogs` writes what is left.
 */
export async function setupLog(options: LogOptions): Promise<void> {
  const format = options.NODE_ENV === "production" ? jsonLinesFormatter : ansiColorFormatter;
  const write = (record: LogRecord) => {
    stdout.write(format(record));
  };
  const lowestLevel = options.LOG_LEVEL === "warn" ? "warning" : options.LOG_LEVEL;
  await configure({
    reset: true,
    contextLocalStorage: new AsyncLocalStorage(),
    sinks: {
      stdout: redactByField(write, {
        fieldPatterns: [...DEFAULT_REDACT_FIELDS, /cookie/i, /authorization/i],
        action: () => "[redacted]",
      }),
    },
    loggers: [
      { category: [], sinks: ["stdout"], lowestLevel },
      { category: ["notice"], sinks: ["stdout"], parentSinks: "override", lowestLevel: "info" },
      {
        category: ["logtape", "meta"],
        sinks: ["stdout"],
        parentSinks: "override",
        lowestLevel: "warning",
      },
    ],
  });
}

const stdout = Bun.stdout.writer();

/** Waits until every line so far is written. Call it before the process ends. */
export async function flushLogs(): Promise<void> {
  await stdout.flush();
}

type Answer = Response | undefined;
type Handler<Data> = (request: BunRequest, server: Server<Data>) => Answer | Promise<Answer>;

/** A request id that a proxy in front may set: printable, without spaces, of a bearable length. */
const SANE_ID = /^[\w.:/+=@-]{1,128}$/;

/** Id of the request: the one it came with, if that is sane, else a new UUID. */
export function requestId(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && SANE_ID.test(given) ? given : crypto.randomUUID();
}

/**
 * Middleware: gives every response an `x-request-id`, every log line inside the handler the same
 * `requestId`, and logs each request once, when its response starts.
 */
export function requestLog<Data>(): (next: Handler<Data>) => Handler<Data> {
  const logger = getLogger(["app", "http"]);
  return (next) => (request, server) => {
    const id = requestId(request);
    const started = performance.now();
    const done = (response: Answer): Answer => {
      response?.headers.set("x-request-id", id);
      if (logger.isEnabledFor("info")) {
        logger.info("{method} {path} {status}", {
          method: request.method,
          path: pathOf(request.url),
          status: response?.status ?? 101,
          ms: Math.round((performance.now() - started) * 1000) / 1000,
          requestId: id,
        });
      }
      return response;
    };
    const answer = withContext({ requestId: id }, () => next(request, server));
    return answer instanceof Promise ? answer.then(done) : done(answer);
  };
}

/** The path of an absolute URL, without the query: a query may hold what does not belong in a log. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
