// Errors as RFC 9457 problem details: the error to throw, and the handler that responds with it.
import type { ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { log } from "./log.ts";

interface ProblemOptions {
  readonly errors?: readonly unknown[];
  /** Further members of the body. A `type` and a `title` replace those of the status. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Header fields of the response, in lower case. A 503 has `retry-after: 1` by default. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Throw it from a handler or a store: `problems` responds with it as `application/problem+json`. */
export class Problem extends Error {
  override readonly name = "Problem";

  /** @param detail what went wrong and what to do about it; the client reads it. */
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
  }

  toResponse(): Response {
    const { status, detail, options } = this;
    const { errors, members } = options;
    const title = phraseOf(status);
    const body = { type: "about:blank", title, status, detail, errors, ...members };
    const retryAfter = status === 503 ? { "retry-after": "1" } : {};
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...retryAfter, ...options.headers, "content-type": "application/problem+json" },
    });
  }
}

/**
 * Error codes of the file system, SQLite and PostgreSQL (SQLSTATE `disk_full`) for a full disk, a full quota, and a
 * file that is larger than the file system or the process allows.
 */
const DISK_FULL = /^(ENOSPC|EDQUOT|EFBIG|SQLITE_FULL|53100)$/;

/**
 * For a store that cannot be reached or cannot write: 507 for a full disk, and otherwise 503, because the store may
 * recover and clients should retry.
 */
export function storeUnavailable(cause: unknown): Problem {
  const { code, errno } = (cause ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  if (DISK_FULL.test(String(code)) || DISK_FULL.test(String(errno))) {
    return new Problem(507, "The server has no disk space for this, and nothing was stored.", {
      cause,
    });
  }
  return new Problem(503, "The store is temporarily unavailable. Try again.", { cause });
}

interface ProblemHandlerOptions {
  /** Whether the response to a bug contains its message. Never in production. */
  readonly expose: boolean;
  /** Maps an error of a library to a `Problem`; undefined means that it is a bug. */
  readonly toProblem?: (error: Error) => Problem | undefined;
}

/**
 * Error handler of the app: responds to every thrown error with a problem. An error that is neither a
 * `Problem` nor known to `toProblem` is a bug: it is logged, and the response is a 500.
 */
export function problems({ expose, toProblem }: ProblemHandlerOptions): ErrorHandler {
  return (error, c) => {
    const problem = knownProblem(error, c.req.raw) ?? toProblem?.(error);
    if (problem) {
      // A 5xx without a cause is a deliberate refusal, e.g. because a queue is full, and is not logged.
      if (problem.status >= 500 && problem.cause) log.warn("{error}", { error: problem });
      return problem.toResponse();
    }
    log.error("{error}", { error });
    const detail = expose ? String(error) : "The server failed to handle this request.";
    return new Problem(500, detail).toResponse();
  };
}

function knownProblem(error: Error, request: Request): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) return fromHttpException(error);
  const isAborted = request.signal.aborted && error.name === "AbortError";
  return isAborted ? new Problem(400, "The client closed the connection.") : undefined;
}

/** Hono's own middleware throws `HTTPException`; a challenge such as `www-authenticate` is kept. */
function fromHttpException(error: HTTPException): Problem {
  const challenge = error.getResponse().headers.get("www-authenticate");
  const headers = challenge === null ? {} : { "www-authenticate": challenge };
  const detail = error.message || (phraseOf(error.status) ?? "The request failed.");
  return new Problem(error.status, detail, { headers, cause: error.cause });
}

/** The reason phrase of a status, e.g. `Not Found`. Loads the module on first use, because that takes 15 ms of a start. */
const phraseOf = (status: number): string | undefined =>
  process.getBuiltinModule("node:http").STATUS_CODES[status];
