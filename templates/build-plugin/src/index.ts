// YAML and Markdown as modules, for Bun and esbuild, checked by a schema.
export { type ContentDescription, declaration } from "./declaration.ts";
export { ContentError, type ContentErrorCode, type Diagnostic } from "./error.ts";
export type { Draft, Format } from "./format.ts";
export type { LoaderPlugin } from "./host.ts";
export { type LoaderOptions, loader } from "./loader.ts";
export { type MarkdownDocument, type MarkdownOptions, markdown } from "./markdown.ts";
export type { Heading } from "./render.ts";
export type { Output, Schema } from "./schema.ts";
export type { Source, Span } from "./source.ts";
export { yaml } from "./yaml.ts";
