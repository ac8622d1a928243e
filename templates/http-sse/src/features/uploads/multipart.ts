// Streams the file out of a multipart/form-data body (RFC 7578), with one chunk in memory at a time.
import { Problem } from "#lib/http";
import { type PartHeaders, parsePartHeaders } from "./part-headers.ts";

export interface FilePart {
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Maximum bytes of everything but the file: headers, other fields, preamble and epilogue. */
export const MAX_OVERHEAD = 64 * 1024;
const MAX_PARTS = 16;
/** The field of the form that has the file. */
const FIELD = "file";

/** The boundary of a multipart/form-data content type: "" if it is missing; undefined for other types. */
export function boundaryOf(contentType: string | null): string | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? "")) return undefined;
  const [, quoted, token] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? "") ?? [];
  return quoted ?? token ?? "";
}

/**
 * Passes the file of the form to `consume`. The content ends only after the remainder of the form was read. If
 * that is invalid, reading the content throws, so that `consume` never completes a file of an invalid form.
 * @throws {Problem} 400 if the body is malformed or incomplete; 413 or 422 if it is not exactly one file.
 */
export async function readFilePart<T>(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  consume: (part: FilePart) => Promise<T>,
): Promise<T> {
  const chunks = body[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // Unlike the others, the first delimiter has no line break before it; this adds one.
  let rest: Buffer = Buffer.from("\r\n");
  let overhead = 0;
  let parts = 0;
  let isFound = false;
  /** A likely mistake of the client, if the file is not found. */
  let mistake: string | undefined;

  async function readMore(): Promise<void> {
    const { done, value } = await chunks.next();
    if (done) throw new Problem(400, "The multipart body ended early.");
    rest = Buffer.concat([rest, value]);
  }

  async function startsWith(bytes: Buffer): Promise<boolean> {
    while (rest.length < bytes.length) await readMore();
    return rest.subarray(0, bytes.length).equals(bytes);
  }

  /** The bytes before `end`; afterwards `rest` starts after it. */
  async function* readUntil(end: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = rest.indexOf(end);
      // The last bytes may be the start of `end`: keep them until more is read.
      const certain = at === -1 ? rest.length - end.length + 1 : at;
      if (certain > 0) yield rest.subarray(0, certain);
      rest = rest.subarray(at === -1 ? Math.max(0, certain) : at + end.length);
      if (at !== -1) return;
      await readMore();
    }
  }

  function countOverhead(bytes: Uint8Array): void {
    overhead += bytes.byteLength;
    if (overhead > MAX_OVERHEAD) {
      throw tooLarge(`Everything but the file may have at most ${MAX_OVERHEAD} bytes.`);
    }
  }

  async function readOverhead(end: Buffer): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const chunk of readUntil(end)) {
      countOverhead(chunk);
      parts.push(chunk);
    }
    return Buffer.concat(parts).toString();
  }

  /** The name of the next file in the field; undefined at the end of the form. */
  async function nextFile(): Promise<string | undefined> {
    for (;;) {
      // "--" after the delimiter ends the form; otherwise the line ends, perhaps after spaces.
      if (await startsWith(END)) return undefined;
      parts += 1;
      if (parts > MAX_PARTS) throw tooLarge(`The form has more than ${MAX_PARTS} parts.`);
      await readOverhead(LINE);
      const part = parsePartHeaders(await readOverhead(BLANK_LINE));
      // Browsers send an empty file without a name if no file was chosen.
      const isUnused = part.fileName === "" && (await startsWith(delimiter));
      if (!isUnused && part.fileName !== undefined && part.field === FIELD) {
        if (part.isEncoded)
          throw new Problem(415, "Send the file of the form without an encoding.");
        isFound = true;
        return part.fileName;
      }
      if (!isUnused) mistake ??= mistakeIn(part);
      await readOverhead(delimiter);
    }
  }

  async function* content(): AsyncGenerator<Uint8Array> {
    yield* readUntil(delimiter);
    if ((await nextFile()) !== undefined) throw notOneFile("The form has more than one file.");
    // The epilogue is ignored, but only the end of the body proves that the form is complete.
    countOverhead(rest);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      countOverhead(next.value);
    }
  }

  const notOneFile = (detail: string) =>
    new Problem(422, detail, { errors: [{ pointer: `/${FIELD}`, detail: "must be one file" }] });

  const noFile = () => notOneFile(mistake ?? `The form has no file in the field "${FIELD}".`);

  /** If a mistake is known, it says more than the limit. */
  const tooLarge = (detail: string) =>
    mistake !== undefined && !isFound ? noFile() : new Problem(413, detail);

  await readOverhead(delimiter);
  const name = await nextFile();
  if (name === undefined) throw noFile();
  return consume({ name, content: content() });
}

/** The mistake of a client that sends its file in another field, or as text. */
function mistakeIn({ field, fileName }: PartHeaders): string | undefined {
  if (fileName !== undefined) {
    return `The form has its file in the field "${field}": send it in the field "${FIELD}".`;
  }
  return field === FIELD ? `The field "${field}" has no filename: send it as a file.` : undefined;
}

const END = Buffer.from("--");
const LINE = Buffer.from("\r\n");
const BLANK_LINE = Buffer.from("\r\n\r\n");
