// Finds the place of an error in code that came by an edit. Bun's bundler does that only for what came with the page.
import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Frame, frames, number, Reader, string } from "./report.ts";

/** Where the page reports an error, to learn the places that its overlay shows. */
export const REPORT = "/_bun/report_error";

/** Asks the bundler. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

interface Place {
  readonly line: number;
  readonly column: number;
  readonly file: string;
  readonly source: readonly string[];
}

/** Hands a report on to the bundler, which prints it in the terminal, and adds what only we know. */
export async function reportError(request: Request, ask: Ask): Promise<Response> {
  const bytes = Buffer.from(await request.arrayBuffer());
  const reader = new Reader(bytes);
  const about = [reader.string(), reader.string(), reader.string()];
  const stack = reader.frames();
  const places = await Promise.all(stack.map((frame) => placeOf(frame, ask)));
  const placed = stack.map((frame, index) => {
    const { line, column, file } = places[index] ?? frame;
    return { ...frame, line, column, file };
  });
  const body = Buffer.concat([...about.map(string), frames(placed)]);
  const response = await ask(REPORT, { method: "POST", body });
  // The overlay shows the code of the first place that is known.
  const place = places[stack.findIndex(({ file }) => file.includes("/_bun/client/"))];
  if (!place) return response;
  const answered = new Reader(Buffer.from(await response.arrayBuffer())).frames();
  return new Response(Buffer.concat([frames(answered.map(shortened)), excerpt(place)]));
}

async function placeOf({ file, line, column }: Frame, ask: Ask): Promise<Place | undefined> {
  const id = /\/_bun\/client\/hmr-([\da-f]{16})\.js$/.exec(file)?.[1];
  if (id === undefined) return undefined;
  const response = await ask(`/_bun/client/${id}.js.map`);
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

/** In the terminal a path is one to click at; in the page it is one of the project. */
function shortened(frame: Frame): Frame {
  return isAbsolute(frame.file) ? { ...frame, file: relative(".", frame.file) } : frame;
}

/** The line of the place and two around it, as the overlay reads them. */
function excerpt({ line, column, source }: Place): Buffer {
  const first = Math.max(1, line - 2);
  const lines = source.slice(first - 1, line + 2);
  return Buffer.concat([
    Buffer.of(lines.length),
    ...[line - first, first, column].map(number),
    ...lines.map(string),
  ]);
}
