// A content file: read within its limits, and able to say where in it something is wrong.
import { readFileSync, realpathSync, statSync } from "node:fs";
import { relative } from "node:path";
import { ContentError, type ContentErrorCode, type Diagnostic } from "./error.ts";
import { frame } from "./frame.ts";

/** Characters from `start` to before `end`, counted from 0. */
export type Span = readonly [start: number, end: number];

export interface ReadLimits {
  /** Folder that files must be in, symbolic links followed. Without it, any file may be imported. */
  readonly root?: string | undefined;
  /** Bytes of the largest file; 1 MiB unless set. */
  readonly maxBytes?: number | undefined;
}

export const DEFAULT_MAX_BYTES = 1024 * 1024;

export class Source {
  constructor(
    readonly file: string,
    readonly text: string,
  ) {}

  diagnostic([start, end]: Span, message: string): Diagnostic {
    const before = this.text.slice(0, start);
    const line = before.split("\n").length;
    const column = start - (before.lastIndexOf("\n") + 1) + 1;
    const length = Math.max(1, end - start);
    const lines = this.text === "" ? [] : this.text.split(/\r?\n/);
    return {
      file: this.file,
      line,
      column,
      length,
      message,
      lineText: lines[line - 1] ?? "",
      frame: frame(lines, line, column, length),
    };
  }

  error(code: ContentErrorCode, span: Span, message: string, cause?: unknown): ContentError {
    return new ContentError(code, [this.diagnostic(span, message)], { cause });
  }
}

/**
 * Reads a file as UTF-8, without its byte order mark. Synchronous, so that `require()` works, too.
 * @throws {ContentError} `read`
 */
export function readSource(
  file: string,
  { root, maxBytes = DEFAULT_MAX_BYTES }: ReadLimits,
): Source {
  const nowhere = new Source(file, "");
  const refuse = (message: string, cause?: unknown) =>
    nowhere.error("read", [0, 0], message, cause);
  try {
    if (root !== undefined && isOutside(realpathSync(root), realpathSync(file))) {
      throw refuse(`is outside ${root}`);
    }
    const stat = statSync(file);
    // A device or a pipe has no size, and maybe no end.
    if (!stat.isFile()) throw refuse("is not a file");
    if (stat.size > maxBytes)
      throw refuse(`has ${stat.size} bytes; the limit, maxBytes, is ${maxBytes}`);
    return new Source(file, new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file)));
  } catch (error) {
    if (error instanceof ContentError) throw error;
    if (error instanceof TypeError) throw refuse("is not UTF-8", error);
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}

function isOutside(root: string, file: string): boolean {
  return /^(\.\.([/\\]|$)|[/\\]|[A-Za-z]:)/.test(relative(root, file));
}
