// The plugins for Rollup and Rolldown.
import type { Format } from "./format.ts";
import { pluginsFor } from "./formats.ts";
import { type RollupPlugin, toRollupPlugin } from "./hosts/rollup.ts";
import { createLoader, type LoadOptions } from "./load.ts";

export type { RollupPlugin } from "./hosts/rollup.ts";

const plugins = pluginsFor(toRollupPlugin);
export const { jsonl } = plugins;
// #region yaml
export const { yaml } = plugins;
// #endregion
// #region markdown
export const { markdown } = plugins;
// #endregion

/** Creates a plugin from your own format. */
export function createPlugin(format: Format, options?: LoadOptions): RollupPlugin {
  return toRollupPlugin(createLoader(format, options));
}
