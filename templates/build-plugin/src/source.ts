// The text of a content file, which creates diagnostics with positions in it.
import { ContentError, type ContentErrorCode, type Diagnostic } from "./error.ts";
import { drawFrame, replaceControls } from "./frame.ts";

/** UTF-16 code units from `start` up to, but not including, `end`, counted from 0. */
export type Span = readonly [start: number, end: number];

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
