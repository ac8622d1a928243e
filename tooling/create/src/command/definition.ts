// The command line as data: what `--help` prints and what the parser accepts.
import type { ArgsDef, CommandDef } from "citty";
import { description, version } from "../../package.json" with { type: "json" };

export { version };

/** How a user runs the newest version in a project. */
export const RUN = "bunx create-bunyard@latest";

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

const to = {
  type: "string",
  valueHint: "version",
  description: "Version of create-bunyard to compare with; by default the one that runs",
} as const;
const project = {
  type: "string",
  valueHint: "directory",
  description: "Folder of the project; by default the current one",
} as const;
const json = flags.json;
const help = flags.help;

/** The commands for a created project. Each is recognized only in the first place. */
export const projectCommands = {
  check: {
    meta: {
      name: "create-bunyard check",
      description:
        "Show what changed in the template of this project; exits with 3 if something did",
    },
    args: { project, to, json, help },
  },
  diff: {
    meta: {
      name: "create-bunyard diff",
      description: "Print what the template changed, as a patch for git apply",
    },
    args: {
      project,
      to,
      mine: {
        type: "boolean",
        description: "Print what you changed since the creation or the last update instead",
      },
      json,
      help,
    },
  },
  update: {
    meta: {
      name: "create-bunyard update",
      description: "Merge what the template changed into this project",
    },
    args: {
      project,
      to: {
        ...to,
        description: "Version of create-bunyard to update to; by default the one that runs",
      },
      with: {
        type: "string",
        valueHint: "feature,…",
        description: "Bring features back that were left out; may be repeated",
      },
      without: {
        type: "string",
        valueHint: "feature,…",
        description: "Leave more features out; may be repeated",
      },
      "dry-run": flags["dry-run"],
      continue: { type: "boolean", description: "Finish an update that was interrupted" },
      abort: { type: "boolean", description: "Undo an update that was interrupted" },
      "no-install": flags["no-install"],
      json,
      help,
    },
  },
  adopt: {
    meta: {
      name: "create-bunyard adopt",
      description: "Record the template and version of a project that has no record",
    },
    args: {
      project,
      template: {
        type: "string",
        valueHint: "name",
        description: "Starter that the project is from",
      },
      version: {
        type: "string",
        valueHint: "version",
        description: "Version of create-bunyard that the project is from",
      },
      without: {
        type: "string",
        valueHint: "feature,…",
        description: "Features that the project does not have; may be repeated",
      },
      json,
      help,
    },
  },
} as const satisfies Readonly<Record<string, CommandDef>>;

export type ProjectCommand = keyof typeof projectCommands;

export const isProjectCommand = (name: string | undefined): name is ProjectCommand =>
  name !== undefined && Object.hasOwn(projectCommands, name);

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
  "bunx create-bunyard@latest update                    merges a new version into a project;",
  "                                                     also check, diff and adopt, each with --help",
];
