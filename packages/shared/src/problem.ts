// RFC 9457 problem details: the error that becomes one, and the answers every API owes its clients.
import { STATUS_CODES } from "node:http";
import type { BunRequest, Server } from "bun";
import type { z } from "zod";

/** One field that did not validate; `pointer` is a JSON Pointer (RFC 6901) into the input. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  /** URI reference that names the kind of problem; `about:blank` says no more than the status. */
  readonly type?: string;
  readonly title?: string;
  readonly errors?: readonly FieldError[];
  /** Header fields of the response, in lower case. A 503 has `retry-after: 1` unless told otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Throw it from a handler: the `problems` middleware answers with it as `application/problem+json`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly type: string;
  readonly title: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail what went wrong and what to do about it; the client reads it. */
  constructor(
    readonly status: number,
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.type = options.type ?? "about:blank";
    this.title = options.title ?? STATUS_CODES[status] ?? "Error";
    this.errors = options.errors;
    this.headers = { ...(status === 503 ? { "retry-after": "1" } : {}), ...options.headers };
  }

  toResponse(): Response {
    const { type, title, status, detail, errors } = this;
    return new Response(JSON.stringify({ type, title, status, detail, errors }), {
      status,
      headers: { ...this.headers, "content-type": "application/problem+json" },
    });
  }
}

type Answer = Response | undefined;
type Handler<Data> = (request: BunRequest, server: Server<Data>) => Answer | Promise<Answer>;

/**
 * Middleware: what a handler throws becomes a problem response. Anything but a `Problem` is a bug:
 * it goes to `report`, and its message reaches the client only if `expose` is set.
 */
export function problems<Data>(options: {
  readonly expose: boolean;
  readonly report: (error: unknown) => void;
}): (next: Handler<Data>) => Handler<Data> {
  const answer = (error: unknown, request: Request): Response => {
    const fault = clientFault(error, request);
    if (fault) return fault.toResponse();
    options.report(error);
    const detail = options.expose ? String(error) : "The server failed to handle this request.";
    return new Problem(500, detail).toResponse();
  };
  return (next) => (request, server) => {
    try {
      const result = next(request, server);
      return result instanceof Promise
        ? result.catch((error: unknown) => answer(error, request))
        : result;
    } catch (error) {
      return answer(error, request);
    }
  };
}

/** The problem that is the client's, if that is what the error comes down to. */
function clientFault(error: unknown, request: Request): Problem | undefined {
  if (error instanceof Problem) return error;
  if (request.signal.aborted && error instanceof Error && error.name === "AbortError") {
    return new Problem(400, "The client closed the connection.");
  }
  // Without a valid Host (RFC 9112, section 3.2) the runtime gives a URL that `new URL` refuses.
  return URL.canParse(request.url)
    ? undefined
    : new Problem(400, "Send a valid Host header field.");
}

/**
 * One path's handlers by method. HEAD is answered by GET, OPTIONS with `Allow` unless it is given,
 * and everything else is 405 with `Allow` (RFC 9110, sections 9.3 and 15.5.6).
 */
export function methods<Data>(table: Readonly<Record<string, Handler<Data>>>): Handler<Data> {
  const allow = [
    ...new Set([...Object.keys(table), ...("GET" in table ? ["HEAD"] : []), "OPTIONS"]),
  ].join(", ");
  const handlers = new Map<string, Handler<Data> | undefined>([
    ["HEAD", table.GET],
    ["OPTIONS", () => new Response(null, { status: 204, headers: { allow } })],
    ...Object.entries(table),
  ]);
  return (request, server) => {
    const handler = handlers.get(request.method);
    if (handler) return handler(request, server);
    throw new Problem(405, `${request.method} is not supported here; use ${allow}.`, {
      headers: { allow },
    });
  };
}

/** The handler of every path that no route knows. */
export function notFound(request: Request): never {
  throw new Problem(404, `There is nothing at ${new URL(request.url).pathname}.`);
}

/** `input` as the schema understands it. @throws {Problem} 422 with one entry for each fault. */
export function validate<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = safeParse(schema, input);
  if (result.success) return result.data;
  throw new Problem(422, "The input is not valid.", {
    errors: result.error.issues.map((issue) => ({
      pointer: issue.path.map((key) => `/${escapePointer(String(key))}`).join(""),
      detail: issue.message,
    })),
  });
}

function safeParse<S extends z.ZodType>(
  schema: S,
  input: unknown,
): z.ZodSafeParseResult<z.output<S>> {
  try {
    return schema.safeParse(input);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Problem(422, "The input is nested too deeply.", { cause });
  }
}

/**
 * The JSON body of a request, validated.
 * @param limit bytes that are read at the most.
 * @throws {Problem} 415 wrong content type, 413 too long, 400 not JSON, 422 not what the schema says.
 */
export async function readJson<S extends z.ZodType>(
  request: Request,
  schema: S,
  limit = 64 * 1024,
): Promise<z.output<S>> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw new Problem(415, "Send the body as application/json.", {
      headers: { accept: "application/json" },
    });
  }
  const text = await readText(request, limit);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new Problem(400, "The body is not valid JSON.", { cause });
  }
  return validate(schema, body);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text. @throws {Problem} 413 over `limit` bytes, 400 if it ends early or is not UTF-8. */
async function readText(request: Request, limit: number): Promise<string> {
  const bytes = await readBytes(request, limit).catch((cause: unknown) => {
    throw cause instanceof Problem ? cause : new Problem(400, "The body ended early.", { cause });
  });
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem(400, "The body is not valid UTF-8.", { cause });
  }
}

/** Reads to `limit` bytes; at once with a Content-Length, as the runtime holds a body to that. */
async function readBytes(request: Request, limit: number): Promise<ArrayBuffer | Uint8Array> {
  const tooLong = () => new Problem(413, `The body is longer than ${limit} bytes.`);
  const length = request.headers.get("content-length");
  if (Number(length) > limit) throw tooLong();
  if (length !== null) return request.arrayBuffer();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
