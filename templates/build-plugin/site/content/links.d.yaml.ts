// Generated from the file beside it.

interface Document {
  readonly label: string;
  readonly url: string;
}

type Content = ReadonlyArray<Document>;

declare const document: Content;
export default document;
