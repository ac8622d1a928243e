// Validates what a request contains: Hono's Zod validator, with problems as the response to invalid input.
import { zValidator } from "@hono/zod-validator";
import type { Context, Env, MiddlewareHandler, Next, ValidationTargets } from "hono";
import type { z } from "zod";
import { Problem } from "./problem.ts";
import { readBody } from "./request-body.ts";

export interface ValidateOptions {
  /** Longest JSON body in bytes (64 KiB). */
  readonly maxBytes?: number;
}

/**
 * Middleware: validates one part of the request; `c.req.valid(target)` is then what the schema returns.
 * @throws {Problem} 422 with one entry per invalid field; for "json" also 415 (not JSON, or encoded),
 * 413 (longer than `maxBytes`) and 400 (malformed or incomplete).
 */
export function validate<Target extends keyof ValidationTargets, S extends z.ZodType>(
  target: Target,
  schema: S,
  { maxBytes = 64 * 1024 }: ValidateOptions = {},
) {
  const check = zValidator(
    target,
    schema,
    (result) => {
      if (!result.success) throw invalidInput(result.error.issues);
    },
    // Synchronous: the asynchronous default costs more than a small request.
    { validationFunction: (schema, value) => safeParse(schema as z.ZodType, value) as never },
  );
  if (target !== "json") return check;
  const checkJson = async (c: Context, next: Next) => {
    // Hono's validator parses the text; it would convert any other entry to text first.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(await readText(c.req.raw, maxBytes)) });
    return (check as MiddlewareHandler<Env>)(c, next);
  };
  return checkJson as unknown as typeof check;
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

/** The body of a request that must contain JSON. */
async function readText(request: Request, maxBytes: number): Promise<string> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw unsupported("Send the body as application/json.", { accept: "application/json" });
  }
  if (request.headers.has("content-encoding")) {
    throw unsupported("Send the body without a Content-Encoding.", {
      "accept-encoding": "identity",
    });
  }
  const bytes = await readAll(request, maxBytes);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem(400, "The body is not valid UTF-8.", { cause });
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
