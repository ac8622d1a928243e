// The interface of a format: how its files are parsed. All other code is shared by the formats.
import type { Source, Span } from "./source.ts";

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
  /** Returns the position of the value at this path, or of its closest existing parent. */
  readonly locate: (path: readonly PropertyKey[]) => Span;
  /** Returns the document that the module exports, from the validated data; by default the data itself. */
  readonly toDocument?: ((data: unknown) => unknown) | undefined;
  /** Path of the data in the document; by default empty. */
  readonly dataPath?: readonly string[] | undefined;
}
