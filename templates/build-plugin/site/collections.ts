// The site's content: which files have which schema. The dev server, the build and the types read this list.
import type { BunPlugin, ContentSchema } from "../src/index.ts";
import allContent from "../src/plugin.ts";
// #region markdown
import { notes } from "./collections/notes.ts";
// #endregion
// #region yaml
import { team } from "./collections/team.ts";
// #endregion

export interface Collection extends ContentSchema {
  /** Creates the plugin that loads its files. */
  readonly plugin: (options: Pick<ContentSchema, "filter" | "schema">) => BunPlugin;
}

export const collections: readonly Collection[] = [
  // #region markdown
  notes,
  // #endregion
  // #region yaml
  team,
  // #endregion
];

/** One plugin for `[serve.static]` in bunfig.toml and for `Bun.build`. */
const content: BunPlugin = {
  name: "site-content",
  setup(build) {
    // The plugin with the first matching filter loads a file. Files that match no filter have no schema.
    for (const { plugin, filter, schema } of collections) plugin({ filter, schema }).setup(build);
    allContent.setup(build);
  },
};

export default content;
