// The plugins for Rollup and Rolldown.
import { pluginsFor } from "./formats.ts";
import { toRollupPlugin } from "./hosts/rollup.ts";

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
export const createPlugin = toRollupPlugin;
