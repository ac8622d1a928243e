// The site's content: which files there are, and the schema of each. Everything that reads content starts here.
import { type LoaderPlugin, markdown, type Schema, yaml } from "../src/index.ts";
import { note, team } from "./schemas.ts";

export interface Collection {
  /** Paths of its files. */
  readonly filter: RegExp;
  readonly loader: typeof yaml | typeof markdown;
  readonly schema: Schema;
  /** The schema's name in schemas.ts, for the declarations. */
  readonly schemaName: string;
}

export const collections: readonly Collection[] = [
  { filter: /[/\\]team\.yaml$/, loader: yaml, schema: team, schemaName: "team" },
  { filter: /[/\\]notes[/\\][^/\\]+\.md$/, loader: markdown, schema: note, schemaName: "note" },
];

/** One plugin for `preload`, for `[serve.static]` in bunfig.toml and for `Bun.build`. */
const content: LoaderPlugin = {
  name: "site-content",
  setup(build) {
    // The first that fits a path loads it; what is left has no schema.
    for (const { filter, loader, schema } of collections) loader({ filter, schema }).setup(build);
    yaml().setup(build);
    markdown().setup(build);
  },
};

export default content;
