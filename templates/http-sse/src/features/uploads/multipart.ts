// Streams the file out of a multipart/form-data body (RFC 7578), with a chunk of it in memory at a time.
import { Problem } from "#lib/http";

export interface FilePart {
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Bytes of everything but the file: headers, other fields, what stands before and after. */
const MAX_OVERHEAD = 64 * 1024;
const MAX_PARTS = 16;

/** The boundary, if the content type is multipart/form-data; "" if it has none, as it must. */
export function boundaryOf(contentType: string | null): string | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? "")) return undefined;
  const [, quoted, token] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType ?? "") ?? [];
  return quoted ?? token ?? "";
}

/**
 * Hands the file in the field `field` to `consume`. Its content ends only when the whole form was
 * read and is sound: until then it throws.
 * @throws {Problem} 400 when the body is malformed or cut off, 413 or 422 when it is not one file.
 */
export async function readFilePart<T>(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  field: string,
  consume: (part: FilePart) => Promise<T>,
): Promise<T> {
  const chunks = body[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line break before it; with this one, all are alike.
  let rest: Buffer = Buffer.from("\r\n");
  let overhead = 0;
  let parts = 0;

  async function more(): Promise<void> {
    const { done, value } = await chunks.next();
    if (done) throw new Problem(400, "The multipart body is cut off.");
    rest = Buffer.concat([rest, value]);
  }

  /** What comes before `end`; afterwards `rest` starts behind it. */
  async function* until(end: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = rest.indexOf(end);
      // The last bytes may be the start of `end`: they wait for what follows.
      const sure = at === -1 ? rest.length - end.length + 1 : at;
      if (sure > 0) yield rest.subarray(0, sure);
      rest = rest.subarray(at === -1 ? Math.max(0, sure) : at + end.length);
      if (at !== -1) return;
      await more();
    }
  }

  function count(bytes: Uint8Array): void {
    overhead += bytes.byteLength;
    if (overhead > MAX_OVERHEAD) throw new Problem(413, "The form has too much besides the file.");
  }

  async function small(end: Buffer): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const chunk of until(end)) {
      count(chunk);
      parts.push(chunk);
    }
    return Buffer.concat(parts).toString();
  }

  /** The name of the next file in the field; undefined at the end of the form. */
  async function nextFile(): Promise<string | undefined> {
    for (;;) {
      // "--" after the delimiter ends the body; else the line ends, perhaps after spaces.
      while (rest.length < 2) await more();
      if (rest.subarray(0, 2).equals(END)) return undefined;
      parts += 1;
      if (parts > MAX_PARTS) throw new Problem(413, `The form has more than ${MAX_PARTS} parts.`);
      await small(LINE);
      const headers = `\r\n${await small(BLANK_LINE)}`;
      const disposition = /\r\ncontent-disposition:(.*)/i.exec(headers)?.[1] ?? "";
      const name = parameter(disposition, "filename");
      if (name !== undefined && parameter(disposition, "name") === field) return name;
      await small(delimiter);
    }
  }

  async function* content(): AsyncGenerator<Uint8Array> {
    yield* until(delimiter);
    if ((await nextFile()) !== undefined) throw notOneFile("The form has more than one file.");
    // What follows the form means nothing, but only the end of the body tells that all of it came.
    count(rest);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) count(next.value);
  }

  const notOneFile = (detail: string) =>
    new Problem(422, detail, { errors: [{ pointer: `/${field}`, detail: "must be one file" }] });

  await small(delimiter);
  const name = await nextFile();
  if (name === undefined) throw notOneFile("The form has no file.");
  return consume({ name, content: content() });
}

const END = Buffer.from("--");
const LINE = Buffer.from("\r\n");
const BLANK_LINE = Buffer.from("\r\n\r\n");

/** A parameter's value: quoted, with the escapes undone that browsers put into it, or a bare token. */
function parameter(disposition: string, key: string): string | undefined {
  const pattern = new RegExp(`;\\s*${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, "i");
  const [, quoted, token] = pattern.exec(disposition) ?? [];
  return quoted?.replace(/\\(["\\])|%22/g, (_, escaped?: string) => escaped ?? '"') ?? token;
}
