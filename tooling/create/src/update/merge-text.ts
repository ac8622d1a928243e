// Merges text three ways with `git merge-file`, in the line endings of the user's file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutRepository } from "../command/git.ts";
import { CreateError } from "../errors.ts";
import { contains } from "../flatten/file-map.ts";
import { openScratch } from "../scratch.ts";
import { run, type Variables } from "../subprocess.ts";

export interface TextMerge {
  readonly content: Uint8Array;
  /** How many conflicts are marked in the text. */
  readonly conflicts: number;
}

/** Names of the three sides in the marks of a conflict. */
export interface Labels {
  readonly base: string;
  readonly theirs: string;
}

export const isBinary = (content: Uint8Array): boolean => contains(content, "\0");

/**
 * The template's text in the line endings of the user's file, and without a final line break if the user's has none.
 * Other bytes do not change, in any encoding.
 */
export function inStyleOf(mine: Uint8Array, template: Uint8Array): Uint8Array {
  if (isBinary(mine) || isBinary(template)) return template;
  const [own, other] = [latin1(mine), latin1(template)];
  const breaks = own.split("\n").length - 1;
  const isCrlf = breaks > 0 && own.split("\r\n").length - 1 > breaks / 2;
  const styled = isCrlf ? other.replaceAll(/\r?\n/g, "\r\n") : other;
  const isOpen = own !== "" && !own.endsWith("\n");
  return Buffer.from(isOpen ? styled.replace(/\r?\n$/, "") : styled, "latin1");
}

/** One character for each byte. */
const latin1 = (content: Uint8Array): string => Buffer.from(content).toString("latin1");

/** @throws {CreateError} `git_failed` */
export async function mergeText(
  base: Uint8Array,
  mine: Uint8Array,
  theirs: Uint8Array,
  labels: Labels,
  variables: Variables,
): Promise<TextMerge> {
  using scratch = openScratch();
  const { folder } = scratch;
  const write = (name: string, content: Uint8Array) => writeFileSync(join(folder, name), content);
  write("mine", mine);
  write("base", base);
  write("theirs", theirs);
  const names = ["yours", labels.base, labels.theirs].flatMap((label) => ["-L", label]);
  const { exitCode, output } = await run({
    command: ["git", "merge-file", "--diff3", "--quiet", ...names, "mine", "base", "theirs"],
    cwd: folder,
    env: { ...withoutRepository(variables), GIT_CEILING_DIRECTORIES: folder },
  });
  // The exit code is the number of conflicts, at most 127.
  if (exitCode > 127) throw new CreateError("git_failed", `git merge-file failed: ${output}`);
  const content = await Bun.file(join(folder, "mine")).bytes();
  return { content, conflicts: exitCode };
}
