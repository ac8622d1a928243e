// Generated from the file beside it.

type Schema = typeof import("../collections/team.ts").schema;
type Content = NonNullable<Schema["~standard"]["types"]>["output"];

export declare const members: Content["members"];
declare const document: Content;
export default document;
