// The error of this package: describes mistakes in a content file, with their positions.
import { isAbsolute, relative, sep } from "node:path";
import { replaceControls } from "./frame.ts";

export type ContentErrorCode =
  /** The file can't be read, e.g. it is too large, not UTF-8, outside the root, or gone since the host resolved it. */
  | "read"
  /** The text is not valid in its format, or the parser would change a value. */
  | "syntax"
  /** The schema rejects the content. */
  | "schema"
  /** The module would be too long, or a value is not data, such as a function that a schema returned. */
  | "value";

export interface Diagnostic {
  /** Absolute path. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units, as editors do. */
  readonly column: number;
  /** Number of characters to mark, at least 1. */
  readonly length: number;
  readonly message: string;
  /** The complete line, with visible symbols instead of control characters. */
  readonly lineText: string;
  /** A code frame: the lines around the position, with a mark below the mistake; empty if there is no text. */
  readonly frame: string;
}

export type Diagnostics = readonly [Diagnostic, ...Diagnostic[]];

/** An error without a stack, because Bun would print this package's source above the message. */
export class StacklessError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

export class ContentError extends StacklessError {
  override readonly name = "ContentError";

  // Private, because Bun prints the public fields of an error below its message.
  readonly #code: ContentErrorCode;
  readonly #diagnostics: Diagnostics;

  constructor(code: ContentErrorCode, diagnostics: Diagnostics, options?: ErrorOptions) {
    super(diagnostics.map(formatDiagnostic).join("\n\n"), options);
    this.#code = code;
    this.#diagnostics = diagnostics;
  }

  get code(): ContentErrorCode {
    return this.#code;
  }

  get diagnostics(): Diagnostics {
    return this.#diagnostics;
  }
}

function formatDiagnostic(diagnostic: Diagnostic): string {
  const head = formatHead(diagnostic);
  return diagnostic.frame === "" ? head : `${head}\n\n${diagnostic.frame}`;
}

/** `content/prices.jsonl:3:1: [2].name is missing`, without the frame. */
export function formatHead({ file, line, column, message }: Diagnostic): string {
  return `${displayPath(file)}:${line}:${column}: ${message}`;
}

/** The path to print: from the working directory if it is below that, otherwise absolute; without control characters. */
export function displayPath(file: string): string {
  return replaceControls(isOutside("", file) ? file : relative("", file).replaceAll(sep, "/"));
}

export function isOutside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  // `relative` returns an absolute path if the file is on another drive.
  return path.split(sep)[0] === ".." || isAbsolute(path);
}
