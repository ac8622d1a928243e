// Compares two projects with git, in a temporary repository: renames, and a patch that `git apply` reads.
import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { git } from "../command/git.ts";
import type { FileMap } from "../flatten/file-map.ts";
import { openScratch } from "../scratch.ts";
import type { Variables } from "../subprocess.ts";

/** Renames that git recognizes: old path → new path. */
export type Renames = ReadonlyMap<string, string>;

export const findRenames = (
  before: FileMap,
  after: FileMap,
  variables: Variables,
): Promise<Renames> =>
  withTrees(before, after, {}, variables, async (diff) =>
    renamesIn(await diff("--name-status", "-z")),
  );

/** The modes in git that are not `100644`, by path: `100755` for an executable file, `120000` for a link. */
export type Modes = ReadonlyMap<string, "100755" | "120000">;

export interface PatchOptions {
  /** Of the project in the user's repository, for example `apps/api/`, which `git apply` expects. */
  readonly prefix?: string | undefined;
  /** Hash algorithm of the user's repository: `git apply` needs its hashes for binary files. */
  readonly objectFormat?: string | undefined;
  /** Modes of the files after the change. The content of a link is the path to which it points. */
  readonly modes?: Modes;
}

/** A patch that `git apply` reads; empty without a difference. */
export const createPatch = (
  before: FileMap,
  after: FileMap,
  variables: Variables,
  options: PatchOptions = {},
): Promise<string> =>
  withTrees(before, after, options, variables, (diff) => diff("--binary", "--full-index"));

async function withTrees<T>(
  before: FileMap,
  after: FileMap,
  { prefix = "", objectFormat = "sha1", modes = new Map() }: PatchOptions,
  variables: Variables,
  action: (diff: (...options: string[]) => Promise<string>) => Promise<T>,
): Promise<T> {
  using scratch = openScratch();
  const { folder } = scratch;
  // The user's settings must not change the patch.
  const env = {
    ...withoutSettings(variables),
    GIT_CONFIG_GLOBAL: join(folder, "none"),
    GIT_CONFIG_NOSYSTEM: "1",
    // Without a configuration, git still reads the attributes in `git/attributes` there, and those of the system.
    XDG_CONFIG_HOME: folder,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_DEFAULT_HASH: objectFormat,
  };
  const at = { cwd: folder, env };
  const diff = ["diff", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
  // Without a template, the repository has none of the user's hooks.
  await git(["init", "--quiet", "--bare", "--template="], at);
  const stdin = importOf(before, after, prefix, modes);
  await git(["fast-import", "--quiet"], { ...at, stdin });
  await Bun.write(join(folder, "info/attributes"), attributesOf([before, after], prefix));
  return await action((...options) => git([...diff, ...options, "before", "after"], at));
}

const withoutSettings = (variables: Variables): Variables =>
  Object.fromEntries(
    Object.entries(variables).filter(([name]) => !/^GIT_(CONFIG|DIFF_OPTS)/.test(name)),
  );

/** Makes git write files that are not UTF-8 as binary ones: the patch is a text in UTF-8, and would damage them. */
const attributesOf = (trees: readonly FileMap[], prefix: string): string =>
  trees
    .flatMap((files) => [...files])
    .filter(([, content]) => !isUtf8(content))
    .map(([path]) => `/${prefix}${path}`.replaceAll(/[\\*?[\]]/g, "\\$&"))
    .map((pattern) => `${gitQuoted(pattern)} -diff\n`)
    .join("");

/** A path in double quotes, as git reads it. */
const gitQuoted = (path: string): string =>
  `"${path.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

function renamesIn(names: string): Renames {
  const fields = names.split("\0").values();
  const renames = new Map<string, string>();
  for (const status of fields) {
    const path = fields.next().value ?? "";
    if (status.startsWith("R")) renames.set(path, fields.next().value ?? "");
  }
  return renames;
}

/** The input of `git fast-import`: a branch with one commit for each tree. */
function importOf(
  before: FileMap,
  after: FileMap,
  prefix: string,
  modes: Modes,
): Uint8Array<ArrayBuffer> {
  const commit = (branch: string, files: FileMap, modes?: Modes) => [
    `commit refs/heads/${branch}\ncommitter Bunyard <bunyard@users.noreply.github.com> 0 +0000\ndata 0\ndeleteall\n`,
    ...[...files].flatMap(([path, content]) => [
      `M ${modes?.get(path) ?? "100644"} inline ${gitQuoted(prefix + path)}\ndata ${content.byteLength}\n`,
      content,
      "\n",
    ]),
  ];
  const parts = [...commit("before", before), ...commit("after", after, modes)];
  return new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
}
