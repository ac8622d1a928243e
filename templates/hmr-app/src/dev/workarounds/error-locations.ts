// Defect: for an error in the page, the overlay and the terminal show locations in the bundle.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/20679
// Workaround: maps the reported stack to the sources before the bundler reads it.
import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { Problem } from "#lib/http";
import { fetchFromBundler } from "../bundler.ts";
import { shorten } from "./source-files.ts";

/** Path to which the page reports an error. The response contains the locations that its overlay shows. */
const REPORT_PATH = "/_bun/report_error";

export function errorReportRoutes() {
  return new Hono().post(REPORT_PATH, async (c) => reportError(await c.req.arrayBuffer()));
}

interface Location {
  readonly line: number;
  readonly column: number;
  readonly file: string;
  /** The lines of the file. */
  readonly source: readonly string[];
}

/**
 * Sends a report with mapped locations to the bundler, which prints it, and completes its response.
 * @throws {Problem} 400 if the report is empty or truncated.
 */
async function reportError(report: ArrayBuffer): Promise<Response> {
  const { header, stack } = readReport(report);
  const files = [...new Set(stack.map(({ file }) => file))];
  const maps = new Map(
    await Promise.all(files.map(async (file) => [file, await readSourceMap(file)] as const)),
  );
  const locations = stack.map((frame) => locate(frame, maps.get(frame.file)));
  const mapped = stack.map((frame, index) => {
    const { line, column, file } = locations[index] ?? frame;
    return { ...frame, line, column, file };
  });
  const body = Buffer.concat([encode(...header), encodeFrames(mapped)]);
  const response = await fetchFromBundler(REPORT_PATH, { method: "POST", body });
  // The overlay shows the code of the first frame that can be mapped.
  const location = locations.find((it) => it !== undefined);
  if (!location) return response;
  const frames = new ReportReader(Buffer.from(await response.arrayBuffer())).frames();
  // The terminal shows absolute paths, which can be clicked; the overlay shows paths in the project.
  const shown = frames.map((it) => (isAbsolute(it.file) ? { ...it, file: shorten(it.file) } : it));
  return new Response(Buffer.concat([encodeFrames(shown), codeFrame(location)]));
}

function readReport(report: ArrayBuffer) {
  const reader = new ReportReader(Buffer.from(report));
  try {
    /** The name and the message of the error, and the URL of the page. */
    const header = [reader.string(), reader.string(), reader.string()];
    return { header, stack: reader.frames() };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Problem(400, "The error report is truncated.", { cause });
  }
}

/** Returns undefined for a file that is not a script of the bundler. */
async function readSourceMap(file: string): Promise<SourceMapPayload | undefined> {
  const id = /\/_bun\/client\/\w+-([\da-f]{16})\.js$/.exec(file)?.[1];
  if (id === undefined) return undefined;
  const response = await fetchFromBundler(`/_bun/client/${id}.js.map`);
  return response.ok ? ((await response.json()) as SourceMapPayload) : undefined;
}

function locate({ line, column }: Frame, payload?: SourceMapPayload): Location | undefined {
  if (!payload) return undefined;
  const entry = new SourceMap(payload).findEntry(line - 1, column - 1);
  if (!("originalSource" in entry && entry.originalSource.startsWith("file:"))) return undefined;
  const source = payload.sourcesContent[payload.sources.indexOf(entry.originalSource)] ?? "";
  return {
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
    file: fileURLToPath(entry.originalSource),
    source: source.split("\n"),
  };
}

/** The line of the error and up to two lines on either side, as the overlay reads them. */
function codeFrame({ line, column, source }: Location): Buffer {
  const first = Math.max(1, line - 2);
  const lines = source.slice(first - 1, line + 2);
  return Buffer.concat([Buffer.of(lines.length), encode(line - first, first, column, ...lines)]);
}

// The format of the reports: 32-bit little-endian integers, and strings prefixed with their length.

/** One line of a stack trace; line and column count from 1. */
interface Frame {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly file: string;
}

/** Reads one value after the other. @throws {RangeError} if the report is truncated. */
class ReportReader {
  #offset = 0;

  constructor(readonly bytes: Buffer) {}

  integer(): number {
    this.#offset += 4;
    return this.bytes.readInt32LE(this.#offset - 4);
  }

  string(): string {
    const length = this.#length();
    this.#offset += length;
    return this.bytes.toString("utf8", this.#offset - length, this.#offset);
  }

  frames(): readonly Frame[] {
    return Array.from({ length: this.#length() }, () => ({
      line: this.integer(),
      column: this.integer(),
      name: this.string(),
      file: this.string(),
    }));
  }

  /** A length cannot exceed the number of remaining bytes, because each character and each frame has at least one. */
  #length(): number {
    const length = this.integer();
    if (length >= 0 && length <= this.bytes.length - this.#offset) return length;
    throw new RangeError("The report is truncated.");
  }
}

function encode(...values: readonly (string | number)[]): Buffer {
  const parts = values.map((value) => {
    if (typeof value === "number") return Buffer.from(Int32Array.of(value).buffer);
    return Buffer.concat([encode(Buffer.byteLength(value)), Buffer.from(value)]);
  });
  return Buffer.concat(parts);
}

function encodeFrames(frames: readonly Frame[]): Buffer {
  const values = frames.flatMap(({ line, column, name, file }) => [line, column, name, file]);
  return encode(frames.length, ...values);
}
