// The team: a YAML file with a schema.
import { z } from "zod";
import { yaml } from "../../src/index.ts";
import type { Collection } from "../collections.ts";

export const schema = z.strictObject({
  members: z.array(
    z.strictObject({
      name: z.string().min(1),
      role: z.enum(["author", "editor"]),
      since: z.int().min(2000),
    }),
  ),
});

export const team: Collection = {
  filter: /[/\\]team\.yaml$/,
  plugin: yaml,
  schema,
  module: "site/collections/team.ts",
  export: "schema",
};
