// The plugins for Vite.
import type { Format } from "./format.ts";
import { pluginsFor } from "./formats.ts";
import { toVitePlugin, type VitePlugin } from "./hosts/vite.ts";
import { createLoader, type LoadOptions } from "./load.ts";

export type { VitePlugin } from "./hosts/vite.ts";

const plugins = pluginsFor(toVitePlugin);
export const { jsonl } = plugins;
// #region yaml
export const { yaml } = plugins;
// #endregion
// #region markdown
export const { markdown } = plugins;
// #endregion

/** Creates a plugin from your own format. */
export function createPlugin(format: Format, options?: LoadOptions): VitePlugin {
  return toVitePlugin(createLoader(format, options));
}
