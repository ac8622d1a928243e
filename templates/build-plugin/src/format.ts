// The interface of a format: parses the text of a file. All other code is shared by the formats.
import { ContentError, type ContentErrorCode, type Diagnostic } from "./error.ts";
import { drawFrame, replaceControls } from "./frame.ts";

export interface Format {
  /** Shown in the messages of bundlers. */
  readonly name: string;
  /** Extensions of its files, in lower case and without the dot. Files may have them in upper case. */
  readonly extensions: readonly string[];
  /** @throws {ContentError} `syntax` */
  readonly parse: (source: Source) => Parsed;
  /** Returns the TypeScript type of the document, given that of the data. By default the types are equal. */
  readonly documentType?: ((dataType: string) => string) | undefined;
}

/** A file that is parsed but not yet checked by a schema. */
export interface Parsed {
  /** The value that the schema checks. */
  readonly data: unknown;
  /** Returns the position of the value at this path, or of what contains it: its line, or the parent of a missing key. */
  readonly locate: (path: readonly PropertyKey[]) => Span;
  /** Returns the document that the module exports, from the validated data; by default the data itself. */
  readonly toDocument?: ((data: unknown) => unknown) | undefined;
  /** Path of the data in the document; by default empty. */
  readonly dataPath?: readonly string[] | undefined;
}

/** UTF-16 code units from `start` up to, but not including, `end`, counted from 0. */
export type Span = readonly [start: number, end: number];

/** The text of a content file. Creates diagnostics and errors with positions in it. */
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
