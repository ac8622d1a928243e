// The command line as data: what `--help` prints and what the parser accepts.
import type { ArgsDef, CommandDef } from "citty";
import { description, version } from "../../package.json" with { type: "json" };

export { version };

/** How a user runs the newest version in a project. */
export const RUN = "bunx create-bunyard@latest";

const option = (valueHint: string, description: string) =>
  ({ type: "string", valueHint, description }) as const;
const flag = (description: string) => ({ type: "boolean", description }) as const;

export const flags = {
  template: option("name", "Starter to use; --list shows them"),
  without: option("feature,…", "Features to leave out; may be repeated; --list shows them"),
  name: option(
    "package-name",
    "Name in package.json; by default derived from the directory (My App → my-app)",
  ),
  "no-install": flag("Do not install the dependencies"),
  "no-git": flag("Create no git repository and no commit"),
  force: flag("Overwrite conflicting files; deletes nothing and names what it replaced"),
  "dry-run": flag("Print what would happen, and change nothing"),
  json: flag("Print one JSON object on stdout, everything else on stderr"),
  yes: flag("Never ask; a missing answer is an error"),
  list: flag("List the starters and their features; with --json as an array"),
  version: flag("Print the version"),
  help: flag("Print this help"),
} as const satisfies ArgsDef;

const { json, help } = flags;
const project = option("directory", "Folder of the project; by default the current one");
const to = option(
  "version",
  "Version of create-bunyard to compare with; by default the one that runs",
);

/** The commands for a created project. Each is recognized only as the first argument. */
export const projectCommands = {
  check: {
    meta: {
      name: "create-bunyard check",
      description:
        "Show what changed in the starter of this project; exits with 3 if something did",
    },
    args: { project, to, json, help },
  },
  diff: {
    meta: {
      name: "create-bunyard diff",
      description: "Print what the starter changed, as a patch for git apply",
    },
    args: {
      project,
      to,
      mine: flag("Print what you changed since the creation or the last update instead"),
      json,
      help,
    },
  },
  update: {
    meta: {
      name: "create-bunyard update",
      description: "Merge what the starter changed into this project",
    },
    args: {
      project,
      to: option("version", "Version of create-bunyard to update to; by default the one that runs"),
      with: option("feature,…", "Bring features back that were left out; may be repeated"),
      without: option("feature,…", "Leave more features out; may be repeated"),
      "dry-run": flags["dry-run"],
      continue: flag("Finish an update that was interrupted"),
      abort: flag("Undo an update that was interrupted"),
      "no-install": flags["no-install"],
      json,
      help,
    },
  },
  adopt: {
    meta: {
      name: "create-bunyard adopt",
      description: "Record the starter and version of a project that has no record",
    },
    args: {
      project,
      template: option("name", "Starter that the project is from"),
      version: option("version", "Version of create-bunyard that the project is from"),
      without: option("feature,…", "Features that the project does not have; may be repeated"),
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
