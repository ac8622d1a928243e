// Validates what a request contains, with problems as the response to invalid input.
import type { Context, Env, MiddlewareHandler } from "hono";
import type { z } from "zod";
import { Problem } from "./problem.ts";
import { readBody } from "./request-body.ts";

type Target = "json" | "query" | "param" | "header";

/** The type of a validator: `c.req.valid(T)` is the output of the schema, and `hc` asks for its input. */
type Validator<T extends Target, S extends z.ZodType> = MiddlewareHandler<
  Env,
  string,
  { in: { [K in T]: z.input<S> }; out: { [K in T]: z.output<S> } }
>;

export interface ValidateOptions {
  /** Longest JSON body in bytes (64 KiB). */
  readonly maxBytes?: number;
}

/**
 * Middleware: validates one part of the request; `c.req.valid(target)` is then what the schema returns.
 * Of a repeated query parameter it reads the first value, and header names are in lower case.
 * `@hono/zod-validator` would do the same at four times the cost, a fifth of a small request.
 * @throws {Problem} 422 with one entry per invalid field; for "json" also 415 (not JSON, or encoded),
 * 413 (longer than `maxBytes`) and 400 (malformed or incomplete).
 */
export function validate<T extends Target, S extends z.ZodType>(
  target: T,
  schema: S,
  { maxBytes = 64 * 1024 }: ValidateOptions = {},
): Validator<T, S> {
  if (target === "json") {
    return async (c, next) => {
      c.req.addValidatedData(target, parse(schema, await readJson(c.req.raw, maxBytes)));
      await next();
    };
  }
  const read = readers[target as Exclude<Target, "json">];
  return (c, next) => {
    c.req.addValidatedData(target, parse(schema, read(c)));
    return next();
  };
}

const readers: Readonly<Record<Exclude<Target, "json">, (c: Context) => object>> = {
  query: (c) => c.req.query(),
  param: (c) => c.req.param(),
  header: (c) => c.req.header(),
};

function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> & object {
  const result = safeParse(schema, input);
  if (result.success) return result.data as z.output<S> & object;
  throw invalidInput(result.error.issues);
}

/** 422 with one entry per problem that Zod found. */
export function invalidInput(issues: readonly z.core.$ZodIssue[]): Problem {
  return new Problem(422, "The input is not valid.", {
    errors: issues.map(({ path, message }) => ({
      pointer: path.map((key) => `/${escapePointer(String(key))}`).join(""),
      detail: message,
    })),
  });
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function safeParse<S extends z.ZodType>(schema: S, input: unknown) {
  try {
    return schema.safeParse(input);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Problem(422, "The input is nested too deeply.", { cause });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw unsupported("Send the body as application/json.", { accept: "application/json" });
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw unsupported("Send the body without a Content-Encoding.", {
      "accept-encoding": "identity",
    });
  }
  const bytes = await readAll(request, maxBytes);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new Problem(400, "The body is not valid JSON in UTF-8.", { cause });
  }
}

function unsupported(detail: string, headers: Readonly<Record<string, string>>): Problem {
  return new Problem(415, detail, { headers });
}

/** With a Content-Length, reads in one call: the runtime ensures that the body is no longer than that. */
async function readAll(request: Request, maxBytes: number): Promise<ArrayBuffer | Uint8Array> {
  const length = request.headers.get("content-length");
  const tooLong = () => new Problem(413, `The body is longer than ${maxBytes} bytes.`);
  if (Number(length) > maxBytes) throw tooLong();
  try {
    if (length !== null) return await request.arrayBuffer();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of readBody(request)) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLong();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(400, "The body ended early.", { cause });
  }
}
