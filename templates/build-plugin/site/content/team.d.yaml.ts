// Generated from the file beside it: change that, and run `bun run types`.
import type { team } from "../schemas.ts";

type Content = NonNullable<(typeof team)["~standard"]["types"]>["output"];

export declare const members: Content["members"];
declare const document: Content;
export default document;
