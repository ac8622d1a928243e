// The plugins for Vite.
import { pluginsFor } from "./formats.ts";
import { toVitePlugin } from "./hosts/vite.ts";

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
export const createPlugin = toVitePlugin;
