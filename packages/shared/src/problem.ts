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
    this.headers = options.headers ?? {};
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
  const answer = (error: unknown): Response => {
    if (error instanceof Problem) return error.toResponse();
    options.report(error);
    const detail = options.expose ? String(error) : "The server failed to handle this request.";
    return new Problem(500, detail).toResponse();
  };
  return (next) => (request, server) => {
    try {
      const result = next(request, server);
      return result instanceof Promise ? result.catch(answer) : result;
    } catch (error) {
      return answer(error);
    }
  };
}

/**
 * One path's handlers by method. HEAD is answered by GET, OPTIONS with `Allow` unless it is given,
 * and everything else is 405 with `Allow` (RFC 9110, sections 9.3 and 15.5.6).
 */
export function methods<Data>(table: Readonly<Record<string, Handler<Data>>>): Handler<Data> {
  const allow = [
    ...new Set([...Object.keys(table), ...("GET" in table ? ["HEAD"] : []), "OPTIONS"]),
  ].join(", ");
  const handlers: Record<string, Handler<Data> | undefined> = {
    __proto__: null as never,
    HEAD: table.GET,
    OPTIONS: () => new Response(null, { status: 204, headers: { allow } }),
    ...table,
  };
  return (request, server) => {
    const handler = handlers[request.method];
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

/** `input` as the schema understands it. @throws {Problem} 422 with one entry for each field. */
export function validate<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new Problem(422, "The input is not valid.", {
    errors: result.error.issues.map((issue) => ({
      pointer: issue.path.map((key) => `/${escapePointer(String(key))}`).join(""),
      detail: issue.message,
    })),
  });
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

/** The body as text, read to `limit` bytes and not further. @throws {Problem} 413, 400 on bad UTF-8. */
async function readText(request: Request, limit: number): Promise<string> {
  const tooLong = () => new Problem(413, `The body is longer than ${limit} bytes.`);
  if (Number(request.headers.get("content-length")) > limit) throw tooLong();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLong();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new Problem(400, "The body is not valid UTF-8.", { cause });
  }
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
