// The command line as data: what `--help` prints and what the parser accepts.
import type { ArgsDef, CommandDef } from "citty";
import { description, version } from "../../package.json" with { type: "json" };

export { version };

export const flags = {
  template: {
    type: "string",
    valueHint: "name",
    description: "Starter to use; --list shows them",
  },
  without: {
    type: "string",
    valueHint: "feature,…",
    description: "Features to leave out; may be repeated; --list shows them",
  },
  name: {
    type: "string",
    valueHint: "package-name",
    description: "Name in package.json; by default derived from the directory (My App → my-app)",
  },
  "no-install": { type: "boolean", description: "Do not install the dependencies" },
  "no-git": { type: "boolean", description: "Create no git repository and no commit" },
  force: {
    type: "boolean",
    description: "Overwrite conflicting files; deletes nothing and names what it replaced",
  },
  "dry-run": { type: "boolean", description: "Print what would happen, and change nothing" },
  json: {
    type: "boolean",
    description: "Print one JSON object on stdout, everything else on stderr",
  },
  yes: { type: "boolean", description: "Never ask; a missing answer is an error" },
  list: {
    type: "boolean",
    description: "List the starters and their features; with --json as an array",
  },
  version: { type: "boolean", description: "Print the version" },
  help: { type: "boolean", description: "Print this help" },
} as const satisfies ArgsDef;

export const command = {
  meta: { name: "bun create bunyard", version, description },
  args: {
    directory: {
      type: "positional",
      required: false,
      description: "Where to create the project: a new or empty directory",
    },
    ...flags,
  },
} as const satisfies CommandDef;

export const examples = [
  "bun create bunyard                                   asks for what it needs",
  "bun create bunyard my-api --template http-sse        asks nothing",
  "bun create bunyard . --template http-sse --no-git    fills the current directory",
];
