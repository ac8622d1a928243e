// Maps the stack of an error back to the sources, also in code that arrived with an edit, which Bun's bundler does not map.
import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "#lib/http";
import { fetchFromBundler } from "./bundler.ts";
import {
  encodeFrames,
  encodeInteger,
  encodeString,
  type Frame,
  ReportReader,
} from "./error-report.ts";

/** Where the page reports an error. The response has the locations that its overlay shows. */
export const REPORT_PATH = "/_bun/report_error";

interface Location {
  readonly line: number;
  readonly column: number;
  readonly file: string;
  /** The lines of the file. */
  readonly source: readonly string[];
}

interface ErrorReport {
  /** The name and the message of the error, and the URL of the page. */
  readonly header: readonly string[];
  readonly stack: readonly Frame[];
}

/**
 * Sends a report with mapped locations to the bundler, which prints it, and completes its response.
 * @throws {Problem} 400 if the report is empty or truncated.
 */
export async function reportError(report: ArrayBuffer): Promise<Response> {
  const { header, stack } = readReport(report);
  const locations = await Promise.all(stack.map(locate));
  const mapped = stack.map((frame, index) => {
    const { line, column, file } = locations[index] ?? frame;
    return { ...frame, line, column, file };
  });
  const body = Buffer.concat([...header.map(encodeString), encodeFrames(mapped)]);
  const response = await fetchFromBundler(REPORT_PATH, { method: "POST", body });
  // The overlay shows the code of the first frame that can be mapped.
  const location = locations[stack.findIndex(({ file }) => file.includes("/_bun/client/"))];
  if (!location) return response;
  const frames = new ReportReader(Buffer.from(await response.arrayBuffer())).frames();
  return new Response(Buffer.concat([encodeFrames(frames.map(shorten)), codeFrame(location)]));
}

function readReport(report: ArrayBuffer): ErrorReport {
  const reader = new ReportReader(Buffer.from(report));
  try {
    return {
      header: [reader.string(), reader.string(), reader.string()],
      stack: reader.frames(),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Problem(400, "The error report is truncated.", { cause });
  }
}

/** Returns undefined for a frame that is not in code that arrived with an edit. */
async function locate({ file, line, column }: Frame): Promise<Location | undefined> {
  const id = /\/_bun\/client\/hmr-([\da-f]{16})\.js$/.exec(file)?.[1];
  if (id === undefined) return undefined;
  const response = await fetchFromBundler(`/_bun/client/${id}.js.map`);
  if (!response.ok) return undefined;
  const payload = (await response.json()) as SourceMapPayload;
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

/** The terminal shows absolute paths, which can be clicked; the overlay shows paths in the project. */
function shorten(frame: Frame): Frame {
  return isAbsolute(frame.file) ? { ...frame, file: relative(".", frame.file) } : frame;
}

/** The line of the error and up to two lines on either side, as the overlay reads them. */
function codeFrame({ line, column, source }: Location): Buffer {
  const first = Math.max(1, line - 2);
  const lines = source.slice(first - 1, line + 2);
  return Buffer.concat([
    Buffer.of(lines.length),
    ...[line - first, first, column].map(encodeInteger),
    ...lines.map(encodeString),
  ]);
}
