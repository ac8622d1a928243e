// Decides how the files get to their directory, or why they cannot. Pure.
import { CreateError } from "../errors.ts";
import { shortened } from "../shortened.ts";
import type { Target } from "./target.ts";
import { targetBusy } from "./write-errors.ts";

export interface Placement {
  /** `top` is the outermost directory to create. With `isFree`, the directory has no entry but `.git`. */
  readonly mode:
    | { readonly kind: "create"; readonly top: string }
    | { readonly kind: "fill"; readonly isFree: boolean };
  /** Existing files that will be overwritten. */
  readonly replaced: readonly string[];
}

/** @throws {CreateError} `target_exists`, `target_busy`, `not_writable` */
export function placementIn(directory: string, target: Target, force: boolean): Placement {
  if (target.kind === "missing") {
    return { mode: { kind: "create", top: target.top }, replaced: [] };
  }
  if (target.kind === "read-only") {
    const hint = "Change its permissions, or choose another directory.";
    throw new CreateError("not_writable", `${target.path} is not writable.`, hint);
  }
  if (target.kind === "unusable") {
    const message = `${target.path} cannot be used (${target.code}).`;
    throw new CreateError("not_writable", message, "Choose another directory.");
  }
  if (target.kind === "obstacle") {
    const message = `${target.path} is not a directory.`;
    throw new CreateError("target_exists", message, "Choose another directory.");
  }
  if (target.isBusy) throw targetBusy(directory);
  if (target.isFree) return { mode: { kind: "fill", isFree: true }, replaced: [] };
  if (target.obstacles.length > 0) {
    throw new CreateError(
      "target_exists",
      `These are in the way in ${directory}: ${target.obstacles.join(", ")}`,
      "Move them, or choose another directory.",
    );
  }
  if (force) return { mode: { kind: "fill", isFree: false }, replaced: target.conflicts };
  throw notEmpty(directory, target.conflicts, target.entries);
}

function notEmpty(
  directory: string,
  conflicts: readonly string[],
  entries: readonly string[],
): CreateError {
  const choose = "Choose another directory, or add --force to";
  return conflicts.length > 0
    ? new CreateError(
        "target_exists",
        `${directory} is not empty. These files would be overwritten: ${conflicts.join(", ")}`,
        `${choose} overwrite them.`,
      )
    : new CreateError(
        "target_exists",
        `${directory} is not empty. It contains ${shortened(entries)}`,
        `${choose} create the project there; nothing would be overwritten.`,
      );
}
