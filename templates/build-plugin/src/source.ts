// Reads a content file within its limits, and creates diagnostics with positions in it.
import { isUtf8 } from "node:buffer";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { ContentError, type ContentErrorCode, type Diagnostic, isOutside } from "./error.ts";
import { drawFrame, replaceControls } from "./frame.ts";

/** UTF-16 code units from `start` up to, but not including, `end`, counted from 0. */
export type Span = readonly [start: number, end: number];

export interface ReadLimits {
  /** Folder that must contain the files, after symbolic links are resolved; by default any file may be imported. */
  readonly root?: string | undefined;
  /** Size limit of a file in bytes; by default 1 MiB. */
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
      message: replaceControls(message),
      lineText: replaceControls(lines[line - 1] ?? ""),
      frame: replaceControls(drawFrame(lines, line, column, length)),
    };
  }

  /** @param cause an error that the user's code threw, such as a schema. Bun prints a cause with its stack. */
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
  // Without a text, the position is 1:1, and there is no code frame.
  const readError = (message: string) => new Source(file, "").error("read", [0, 0], message);
  try {
    if (root !== undefined && isOutside(realpathSync(root), realpathSync(file))) {
      throw readError(`is outside ${root}`);
    }
    const stat = statSync(file);
    // A device or a pipe has no size and may never end.
    if (!stat.isFile()) throw readError("is not a file");
    if (stat.size > maxBytes)
      throw readError(`has ${stat.size} bytes; the limit, maxBytes, is ${maxBytes}`);
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw readError("is not UTF-8");
    return new Source(file, new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof ContentError) throw error;
    throw readError(error instanceof Error ? error.message : String(error));
  }
}
