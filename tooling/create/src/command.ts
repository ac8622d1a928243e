// The command line as data: what `--help` prints and what the parser accepts.
import type { ArgsDef, CommandDef } from "citty";
import { description, version } from "../package.json" with { type: "json" };

export { version };

export const flags = {
  template: {
    type: "string",
    valueHint: "name",
    description: "Starter to begin with (see --list)",
  },
  name: {
    type: "string",
    valueHint: "package-name",
    description: "Name in package.json; by default it is made from the directory",
  },
  "no-install": { type: "boolean", description: "Do not install the dependencies" },
  "no-git": { type: "boolean", description: "Do not make a git repository with a first commit" },
  force: {
    type: "boolean",
    description:
      "Write into a directory that is not empty; overwrites clashing files, deletes none",
  },
  "dry-run": { type: "boolean", description: "Print what would be done, and do nothing" },
  json: { type: "boolean", description: "Print one JSON object, for programs" },
  yes: { type: "boolean", description: "Never ask; what is missing is an error" },
  list: { type: "boolean", description: "List the starters" },
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
