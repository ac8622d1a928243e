// Decides for each file what an update does with it: three versions in, one change out.
import { areEqual, bytes, type FileMap } from "../flatten/file-map.ts";
import type { Variables } from "../subprocess.ts";
import { mergeJson } from "./merge-json.ts";
import { inStyleOf, isBinary, type Labels, mergeText } from "./merge-text.ts";
import type { Own } from "./own-files.ts";
import type { Renames } from "./trees.ts";

export type ChangeKind =
  | "added"
  | "updated"
  | "merged"
  | "renamed"
  | "removed"
  /** Both changed the same lines: they are marked in the file. */
  | "conflict"
  /** The template's file could not be merged, and is beside the user's as `.new`. */
  | "beside"
  /** The template's file could not be written anywhere. */
  | "blocked"
  /** The template removed a file that the user changed, so it stays. */
  | "kept"
  /** The template changed a file that the user deleted, so it stays deleted. */
  | "deleted";

export interface Change {
  /** Where the file is afterwards. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** The path before a rename. */
  readonly from?: string | undefined;
  /** Whether the user had changed the file. */
  readonly isYours: boolean;
  /** Messages for the user about this file, one per entry. */
  readonly notes: readonly string[];
}

export interface Write {
  /** Undefined removes the file. */
  readonly content: Uint8Array | undefined;
  /** Permission bits; undefined for those of a new file. */
  readonly mode: number | undefined;
}

/** By path. */
export type Writes = ReadonlyMap<string, Write>;

export interface MergePlan {
  readonly changes: readonly Change[];
  readonly writes: Writes;
}

export interface MergeInput {
  /** The template as it was when the project was created or updated. */
  readonly base: FileMap;
  /** The template as it will be. */
  readonly next: FileMap;
  readonly own: (path: string) => Own;
  readonly renames: Renames;
  readonly labels: Labels;
  readonly variables: Variables;
}

/** Reads, and changes nothing. */
export async function planMerge(input: MergeInput): Promise<MergePlan> {
  const { base, next, renames } = input;
  const merge = new Merge(input);
  const done = new Set<string>();
  // Removals come first: a directory may replace a file.
  const removed = [...base.keys()].filter((path) => !next.has(path));
  for (const path of [...removed.sort(), ...[...next.keys()].sort()]) {
    const target = renames.get(path);
    if (target !== undefined && merge.own(target, path).kind === "missing") {
      await merge.rename(path, target);
      done.add(target);
    } else if (!done.has(path)) await merge.file(path);
  }
  merge.changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return merge;
}

const EMPTY = new Uint8Array();

class Merge implements MergePlan {
  readonly changes: Change[] = [];
  readonly writes = new Map<string, Write>();

  constructor(private readonly input: MergeInput) {}

  /** The entry at a path once the planned removals and the file `moved` are gone. */
  own(path: string, moved?: string): Own {
    const own = this.input.own(path);
    const inTheWay =
      own.kind === "blocked" ? [own.by] : own.kind === "directory" ? own.entries : undefined;
    const isGone = (entry: string) => entry === moved || this.#isRemoved(entry);
    return inTheWay?.every(isGone) ? { kind: "missing" } : own;
  }

  #isRemoved(path: string): boolean {
    const write = this.writes.get(path);
    return write !== undefined && write.content === undefined;
  }

  async file(path: string): Promise<void> {
    const { base: bases, next: nexts } = this.input;
    const own = this.own(path);
    const [base, next] = [bases.get(path), nexts.get(path)];
    if (base !== undefined && next !== undefined && areEqual(base, next)) return;
    if (own.kind === "missing") {
      if (base === undefined && next !== undefined) this.#write(path, next, "added", undefined);
      else if (next !== undefined) this.#report(path, "deleted", true);
      return;
    }
    if (own.kind === "blocked") {
      const notes = [
        `${own.by} is a file, a link, another repository or on another file system, so nothing was changed there.`,
      ];
      this.#report(path, next === undefined ? "kept" : "blocked", true, notes);
      return;
    }
    if (own.kind !== "file") {
      const kind = { directory: "a folder", link: "a link", special: "not a regular file" }[
        own.kind
      ];
      const notes = [`Your ${path} is ${kind}, so it was not changed.`];
      if (next === undefined) this.#report(path, "kept", true, notes);
      else this.#beside(path, next, notes);
      return;
    }
    const styled = (template: Uint8Array) => inOwnStyle(own.content, template, base);
    if (next !== undefined && areEqual(own.content, styled(next))) return;
    const isYours = base === undefined || !areEqual(own.content, styled(base));
    if (next === undefined) {
      if (isYours || !own.isTracked) this.#report(path, "kept", isYours);
      else this.#write(path, undefined, "removed", undefined);
      return;
    }
    if (!own.isTracked) {
      this.#beside(path, next, ["Git cannot restore your file, so it was not changed."]);
    } else if (!isYours) this.#write(path, styled(next), "updated", own);
    else await this.#merge(path, base ?? EMPTY, own, next);
  }

  /** Moves the user's file to `path`, where there is nothing, and merges the template's changes into it. */
  async rename(from: string, path: string): Promise<void> {
    const own = this.input.own(from);
    const base = this.input.base.get(from) ?? EMPTY;
    const next = this.input.next.get(path) ?? EMPTY;
    if (own.kind === "missing") {
      this.#report(path, "deleted", true, [`It was ${from}.`]);
      return;
    }
    if (own.kind !== "file" || !own.isTracked) {
      this.#report(from, "kept", true, [`The starter renamed it to ${path}.`]);
      await this.file(path);
      return;
    }
    this.writes.set(from, { content: undefined, mode: undefined });
    if (areEqual(own.content, inOwnStyle(own.content, base, base))) {
      this.#write(path, inOwnStyle(own.content, next, base), "renamed", own, { from });
    } else await this.#merge(path, base, own, next, from);
  }

  async #merge(
    path: string,
    base: Uint8Array,
    own: Own & { kind: "file" },
    next: Uint8Array,
    from?: string,
  ): Promise<void> {
    const kind = from === undefined ? "merged" : "renamed";
    const mine = own.content;
    if ([base, mine, next].some(isBinary)) {
      if (from !== undefined) this.writes.set(path, { content: mine, mode: own.mode });
      // Both may have made the same change, or only the user changed a file that the template renamed.
      if (areEqual(base, next) || areEqual(mine, next)) this.#report(path, kind, true, [], from);
      else this.#beside(path, next, ["It is binary, and both changed it."], from);
      return;
    }
    const [old, theirs] = [inStyleOf(mine, base), inStyleOf(mine, next)];
    const json = /\.jsonc?$/.test(path) ? mergeJson(path, old, mine, theirs) : undefined;
    if (json !== undefined) {
      const notes = json.kept.map(({ key, theirs: value }) =>
        value === undefined
          ? `Your ${key} stays; the starter no longer has it.`
          : `Your ${key} stays; the starter has ${value}.`,
      );
      this.#write(path, bytes(json.text), kind, own, { isYours: true, notes, from });
      return;
    }
    const { labels, variables } = this.input;
    const { conflicts, content } = await mergeText(old, mine, theirs, labels, variables);
    if (conflicts === 0) {
      this.#write(path, content, kind, own, { isYours: true, from });
      return;
    }
    const note = conflicts === 1 ? "1 conflict is marked." : `${conflicts} conflicts are marked.`;
    this.#write(path, content, "conflict", own, { isYours: true, notes: [note], from });
  }

  /** @param own the user's file: its permissions stay */
  #write(
    path: string,
    content: Uint8Array | undefined,
    kind: ChangeKind,
    own: (Own & { kind: "file" }) | undefined,
    { isYours = false, notes = [], from }: Partial<Omit<Change, "path" | "kind">> = {},
  ): void {
    this.writes.set(path, { content, mode: own?.mode });
    this.#report(path, kind, isYours, notes, from);
  }

  #beside(path: string, content: Uint8Array, notes: readonly string[], from?: string): void {
    const target = this.#freePath(path);
    this.writes.set(target, { content, mode: undefined });
    this.#report(path, "beside", true, [...notes, `The starter's is ${target}.`], from);
  }

  /** Neither the project nor the template has a file there. */
  #freePath(path: string): string {
    const isFree = (candidate: string) =>
      this.input.own(candidate).kind === "missing" &&
      !this.writes.has(candidate) &&
      !this.input.next.has(candidate);
    let target = `${path}.new`;
    for (let count = 2; !isFree(target); count += 1) target = `${path}.new${count}`;
    return target;
  }

  #report(
    path: string,
    kind: ChangeKind,
    isYours: boolean,
    notes: readonly string[] = [],
    from?: string,
  ): void {
    this.changes.push({ path, kind, from, isYours, notes });
  }
}

/** The user's line endings stay, but those of an untouched file are the template's. */
const inOwnStyle = (
  mine: Uint8Array,
  template: Uint8Array,
  base: Uint8Array | undefined,
): Uint8Array =>
  base !== undefined && areEqual(mine, base) ? template : inStyleOf(mine, template);
