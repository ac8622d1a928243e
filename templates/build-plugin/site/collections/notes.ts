// Notes: Markdown files whose front matter has a schema. The filter does not match files in a subfolder of notes/.
import { z } from "zod";
import { markdown } from "../../src/index.ts";
import type { Collection } from "../collections.ts";

export const schema = z.strictObject({
  title: z.string().min(1),
  summary: z.string().max(160),
  tags: z.array(z.string()).default([]),
});

export const notes: Collection = {
  filter: /[/\\]notes[/\\][^/\\]+\.md$/,
  plugin: markdown,
  schema,
  module: "site/collections/notes.ts",
  export: "schema",
};
