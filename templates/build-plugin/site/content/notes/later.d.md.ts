// Generated from the file beside it.

type Schema = typeof import("../../collections/notes.ts").schema;
type Content = {
  readonly attributes: NonNullable<Schema["~standard"]["types"]>["output"];
  readonly html: string;
  readonly toc: ReadonlyArray<{
    readonly depth: number;
    readonly text: string;
    readonly id: string;
  }>;
};

export declare const attributes: Content["attributes"];
export declare const html: Content["html"];
export declare const toc: Content["toc"];
declare const document: Content;
export default document;
