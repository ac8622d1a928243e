// The one error of this package: what is wrong with a content file, and where.
import { relative, sep } from "node:path";

export type ContentErrorCode =
  /** The file can't be read: it is gone, too large, not UTF-8, or outside the root. */
  | "read"
  /** The text is not what its format asks for. */
  | "syntax"
  /** The schema does not accept the content. */
  | "schema"
  /** A value that no module can hold, such as a function that a schema made. */
  | "value";

export interface Diagnostic {
  /** Absolute path. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units, as editors do. */
  readonly column: number;
  /** Characters that are meant, at least 1. */
  readonly length: number;
  readonly message: string;
  /** The line, whole. */
  readonly lineText: string;
  /** The lines around it, with a mark below what is meant; empty if there is no text. */
  readonly frame: string;
}

export class ContentError extends Error {
  override readonly name = "ContentError";

  constructor(
    readonly code: ContentErrorCode,
    /** At least one. */
    readonly diagnostics: readonly Diagnostic[],
    options?: ErrorOptions,
  ) {
    super(diagnostics.map(printed).join("\n\n"), options);
  }
}

function printed({ file, line, column, message, frame }: Diagnostic): string {
  const head = `${shortPath(file)}:${line}:${column}: ${message}`;
  return frame === "" ? head : `${head}\n\n${frame}`;
}

/** The path as it is typed in the working directory, if it is below that. */
function shortPath(file: string): string {
  const path = relative("", file);
  return path.startsWith("..") ? file : path.replaceAll(sep, "/");
}
