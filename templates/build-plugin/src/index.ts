// Start here: the plugins for Bun and esbuild. vite.ts and rollup.ts export the same plugins for their hosts.
import { pluginsFor } from "./formats.ts";
import { toBunPlugin } from "./hosts/bun.ts";

export { ContentError, type ContentErrorCode, type Diagnostic } from "./error.ts";
export type { Format, Parsed, Source, Span } from "./format.ts";
// #region markdown
export type { MarkdownDocument } from "./formats/markdown/markdown.ts";
export type { Heading } from "./formats/markdown/render.ts";
// #endregion
export type { BunPlugin } from "./hosts/bun.ts";
export type { LoadOptions } from "./load.ts";
export type { Output, Schema } from "./schema.ts";
export {
  type ContentSchema,
  type TypesOptions,
  type TypesResult,
  type WatchOptions,
  watchTypes,
  writeTypes,
} from "./types/write.ts";

const plugins = pluginsFor(toBunPlugin);
export const { jsonl } = plugins;
// #region yaml
export const { yaml } = plugins;
// #endregion
// #region markdown
export const { markdown } = plugins;
// #endregion

/** Creates a plugin from your own format. */
export const createPlugin = toBunPlugin;
