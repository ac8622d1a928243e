// The command line as data: what `--help` prints and what the parser accepts.
import type { ArgsDef, CommandDef } from "citty";
import { description, version } from "../../package.json" with { type: "json" };

export { version };

export const flags = {
  template: {
    type: "string",
    valueHint: "name",
    description: "Starter to begin with; --list names them",
  },
  name: {
    type: "string",
    valueHint: "package-name",
    description: "Name in package.json; made from the directory by default (My App → my-app)",
  },
  "no-install": { type: "boolean", description: "Leave the install to you" },
  "no-git": { type: "boolean", description: "Make no repository and no commit" },
  force: {
    type: "boolean",
    description: "Overwrite files that are in the way; deletes nothing and names what it replaced",
  },
  "dry-run": { type: "boolean", description: "Say what would happen, touch nothing" },
  json: {
    type: "boolean",
    description: "Print one JSON object on stdout, everything else on stderr",
  },
  yes: { type: "boolean", description: "Never ask; what is missing is an error" },
  list: { type: "boolean", description: "List the starters, a line each; with --json as an array" },
  version: { type: "boolean", description: "Print the version" },
  help: { type: "boolean", description: "Print this help" },
} as const satisfies ArgsDef;

export const command = {
  meta: { name: "bun create bunyard", version, description },
  args: {
    directory: {
      type: "positional",
      required: false,
      description: "Where the project goes; a new or an empty directory, anywhere",
    },
    ...flags,
  },
} as const satisfies CommandDef;

export const examples = [
  "bun create bunyard                                   asks for what it needs",
  "bun create bunyard my-api --template http-sse        asks nothing",
  "bun create bunyard . --template http-sse --no-git    fills the current directory",
];
