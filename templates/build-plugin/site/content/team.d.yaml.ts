// Generated from the file beside it: change that, and run `bun run types`.

type Content = NonNullable<typeof import("../schemas.ts").team["~standard"]["types"]>["output"];

export declare const members: Content["members"];
declare const document: Content;
export default document;
