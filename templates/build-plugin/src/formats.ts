// The list of formats. The plugins, the declarations and the build derive from it which files are content.
import type { Format } from "./format.ts";
import { jsonlFormat } from "./formats/jsonl.ts";
// #region markdown
import { markdownFormat } from "./formats/markdown/markdown.ts";
// #endregion
// #region yaml
import { yamlFormat } from "./formats/yaml.ts";
// #endregion
import type { LoadOptions } from "./load.ts";

/** Creates each format from the options of its plugin. Add a new format here. */
export const formats = {
  jsonl: () => jsonlFormat,
  // #region yaml
  yaml: () => yamlFormat,
  // #endregion
  // #region markdown
  markdown: markdownFormat,
  // #endregion
};

/** Any of the functions in `formats`. */
type MakeFormat = (options: object) => Format;

/** The options of a format's plugin: those of all plugins, and those that its function in `formats` accepts. */
export type FormatOptions<F extends MakeFormat> = F extends (options: infer Options) => Format
  ? LoadOptions & Options
  : never;

/** For each format, a function that creates its plugin for one host from options. */
export type PluginFactories<Plugin> = {
  readonly [Name in keyof typeof formats]: (
    options?: FormatOptions<(typeof formats)[Name]>,
  ) => Plugin;
};

/** @param toPlugin creates the plugin of a format for one host. */
export function pluginsFor<Plugin>(
  toPlugin: (format: Format, options: LoadOptions) => Plugin,
): PluginFactories<Plugin> {
  const factories = Object.entries<MakeFormat>(formats).map(([name, makeFormat]) => [
    name,
    (options: LoadOptions = {}) => toPlugin(makeFormat(options), options),
  ]);
  return Object.fromEntries(factories);
}

/** Every format with its default options. */
export const allFormats = Object.values<MakeFormat>(formats).map((makeFormat) => makeFormat({}));
