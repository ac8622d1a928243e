// Generated from the file beside it: change that, and run `bun run types`.

interface Heading {
  readonly depth: number;
  readonly text: string;
  readonly id: string;
}

type Content = {
  readonly attributes: NonNullable<
    typeof import("../../schemas.ts").note["~standard"]["types"]
  >["output"];
  readonly html: string;
  readonly toc: readonly Heading[];
};

export declare const attributes: Content["attributes"];
export declare const html: Content["html"];
export declare const toc: Content["toc"];
declare const document: Content;
export default document;
