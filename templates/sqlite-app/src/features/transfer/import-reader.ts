// Parses the bytes of an NDJSON import into articles, and reports the lines that are not valid.
import { z } from "zod";
import { type NewArticle, newArticle } from "../articles/store.ts";

export const badLine = z.object({
  /** Counted from 1. */
  line: z.int(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
});
type BadLine = z.output<typeof badLine>;

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
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #bad: BadLine[] = [];
  #badLines = 0;
  #line = 0;
  /** The parts of an incomplete line, and its length. Beyond the limit, only the length is tracked. */
  #parts: Uint8Array[] = [];
  #length = 0;

  get hasBadLines(): boolean {
    return this.#badLines > 0;
  }

  /** @param written number of articles that were written, if there is no bad line. */
  report(written: number): ImportReport {
    const imported = this.hasBadLines ? 0 : written;
    return { imported, badLines: this.#badLines, bad: this.#bad };
  }

  /** Returns the articles whose lines end in this chunk. */
  read(chunk: Uint8Array): NewArticle[] {
    const articles: NewArticle[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      this.#append(chunk.subarray(start, end));
      articles.push(...this.finish());
      start = end + 1;
    }
    this.#append(chunk.slice(start));
    return articles;
  }

  /** Ends a line, and returns its article unless it is blank or bad. The last line may have no line feed. */
  finish(): NewArticle[] {
    const [only = new Uint8Array(), ...others] = this.#parts;
    const bytes = others.length === 0 ? only : Buffer.concat(this.#parts);
    const isTooLong = this.#length > MAX_LINE_BYTES;
    this.#line += 1;
    this.#parts = [];
    this.#length = 0;
    if (!isTooLong) return this.#parse(bytes);
    return this.#refuse([{ pointer: "", detail: `longer than ${MAX_LINE_BYTES} bytes` }]);
  }

  #append(part: Uint8Array): void {
    this.#length += part.byteLength;
    if (part.byteLength > 0 && this.#length <= MAX_LINE_BYTES) this.#parts.push(part);
  }

  #parse(bytes: Uint8Array): NewArticle[] {
    let value: unknown;
    try {
      const text = this.#decoder.decode(bytes);
      if (text.trim() === "") return [];
      value = JSON.parse(text);
    } catch (error) {
      // Only the decoder throws a TypeError.
      const detail = error instanceof TypeError ? "not valid UTF-8" : "not valid JSON";
      return this.#refuse([{ pointer: "", detail }]);
    }
    const { success, data, error } = newArticle.safeParse(value);
    if (success) return [data];
    return this.#refuse(
      error.issues.map(({ path, message }) => ({
        pointer: path.map((key) => `/${String(key)}`).join(""),
        detail: message,
      })),
    );
  }

  #refuse(errors: BadLine["errors"]): [] {
    this.#badLines += 1;
    if (this.#bad.length < MAX_REPORTED) this.#bad.push({ line: this.#line, errors });
    return [];
  }
}
