// What a loader has to know of a format: the part that is written for each.
import type { Source, Span } from "./source.ts";

export interface Format {
  /** Shown in the messages of bundlers. */
  readonly name: string;
  /** Paths of the format, unless the options say otherwise. */
  readonly filter: RegExp;
  /** @throws {ContentError} `syntax` */
  readonly parse: (source: Source) => Draft;
}

/** A file that is parsed, and not yet checked. */
export interface Draft {
  /** What the schema checks. */
  readonly data: unknown;
  /** Where in the file the value with this path is, or the closest thing around it. */
  readonly locate: (path: readonly PropertyKey[]) => Span;
  /** What the module exports, made of the checked data. */
  readonly document: (data: unknown) => unknown;
  /** Keys that lead from the document to the data in it; none if the data is the document. */
  readonly prefix: readonly string[];
}
