// Generated from the file beside it: change that, and run `bun run types`.

interface Document {
  readonly label: string;
  readonly url: string;
}

type Content = ReadonlyArray<Document>;

declare const document: Content;
export default document;
