// Parses the bytes of an NDJSON import into articles, and reports the lines that are not valid.
import { type NewArticle, newArticle } from "../features/articles/schemas.ts";

export interface BadLine {
  /** Counted from 1. */
  readonly line: number;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface ImportReport {
  /** Articles that were written; 0 if there is a bad line. */
  readonly imported: number;
  /** Number of bad lines. */
  readonly badLines: number;
  /** The first 100 bad lines. */
  readonly bad: readonly BadLine[];
}

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_REPORTED = 100;
const LINE_FEED = 10;

export class ImportReader {
  readonly bad: BadLine[] = [];
  badLines = 0;
  #line = 0;
  /** The start of a line that is not complete yet, and its length, which may exceed what is kept. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  /** Yields the articles whose lines end in this chunk. */
  *push(chunk: Uint8Array): Generator<NewArticle, void, void> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      this.#keep(chunk.subarray(start, end === -1 ? undefined : end), end === -1);
      if (end === -1) return;
      yield* this.end();
      start = end + 1;
    }
  }

  /** Ends a line: yields its article, unless it is blank or bad. Call it after the last chunk, too. */
  *end(): Generator<NewArticle, void, void> {
    this.#line += 1;
    const [only = new Uint8Array(), ...others] = this.#rest;
    const bytes = others.length === 0 ? only : Buffer.concat(this.#rest);
    const isTooLong = this.#restBytes > MAX_LINE_BYTES;
    this.#rest = [];
    this.#restBytes = 0;
    if (isTooLong)
      return this.#refuse([{ pointer: "", detail: `longer than ${MAX_LINE_BYTES} bytes` }]);
    const article = this.#parse(bytes);
    if (article !== undefined) yield article;
  }

  #keep(part: Uint8Array, copy: boolean): void {
    this.#restBytes += part.byteLength;
    if (part.byteLength > 0 && this.#restBytes <= MAX_LINE_BYTES)
      this.#rest.push(copy ? part.slice() : part);
  }

  #parse(bytes: Uint8Array): NewArticle | undefined {
    let value: unknown;
    try {
      const text = this.#decoder.decode(bytes);
      if (text.trim() === "") return undefined;
      value = JSON.parse(text);
    } catch (error) {
      const detail = error instanceof SyntaxError ? "not valid JSON" : "not valid UTF-8";
      this.#refuse([{ pointer: "", detail }]);
      return undefined;
    }
    const result = newArticle.safeParse(value);
    if (result.success) return result.data;
    this.#refuse(
      result.error.issues.map(({ path, message }) => ({
        pointer: path.map((key) => `/${String(key)}`).join(""),
        detail: message,
      })),
    );
    return undefined;
  }

  #refuse(errors: BadLine["errors"]): void {
    this.badLines += 1;
    if (this.bad.length < MAX_REPORTED) this.bad.push({ line: this.#line, errors });
  }
}
