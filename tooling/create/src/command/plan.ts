// Decides what will be done, from the answers and from what is there. Pure: every refusal comes from here, before the disk is touched.

import { CreateError } from "../errors.ts";
import type { Answers } from "./answers.ts";
import type { Install } from "./install.ts";
import { busy } from "./place.ts";
import type { Target } from "./target.ts";
import type { Workspace } from "./workspace.ts";

export interface Surroundings {
  /** Absolute. */
  readonly directory: string;
  readonly target: Target;
  readonly workspace: Workspace | undefined;
  /** Why there can be no first commit. */
  readonly gitObstacle: string | undefined;
  /** `cd` to the directory as the user would type it; undefined from inside it. */
  readonly cd: string | undefined;
}

export interface Project {
  /** Of the package. */
  readonly name: string;
  /** Of create-bunyard, and so of the template. */
  readonly version: string;
  /** Paths, sorted. */
  readonly files: readonly string[];
}

export interface Plan {
  readonly directory: string;
  readonly name: string;
  readonly template: string;
  readonly version: string;
  readonly files: readonly string[];
  /** Those of the files that are there already. */
  readonly replaced: readonly string[];
  readonly place:
    | { readonly new: true; readonly top: string }
    | { readonly new: false; readonly free: boolean };
  readonly install: Install | Skipped;
  readonly git: "commit" | Skipped;
  /** Commands for the user to go on with. */
  readonly next: readonly string[];
}

/** A step that will not be done, and why. */
export interface Skipped {
  readonly skip: string;
}

export const isSkipped = (todo: unknown): todo is Skipped =>
  typeof todo === "object" && todo !== null && "skip" in todo;

/** @throws {CreateError} when the directory is no place for a project */
export function makePlan(answers: Answers, project: Project, around: Surroundings): Plan {
  const { directory, target, workspace, gitObstacle, cd } = around;
  const install = answers.install
    ? { cwd: workspace?.root ?? directory, manager: workspace?.manager ?? "bun" }
    : { skip: "--no-install" };
  return {
    directory,
    ...project,
    template: answers.template,
    ...placeFor(directory, target, answers.force),
    install,
    git: gitPlan(answers, gitObstacle),
    next: [
      ...(cd === undefined ? [] : [cd]),
      ...(answers.install ? [] : [`${workspace?.manager ?? "bun"} install`]),
      "bun run dev",
    ],
  };
}

function gitPlan({ git }: Answers, obstacle: string | undefined): Plan["git"] {
  if (!git) return { skip: "--no-git" };
  return obstacle === undefined ? "commit" : { skip: obstacle };
}

function placeFor(
  directory: string,
  target: Target,
  force: boolean,
): Pick<Plan, "place" | "replaced"> {
  if (target.kind === "missing") return { place: { new: true, top: target.top }, replaced: [] };
  if (target.kind === "locked") {
    throw new CreateError("not_writable", `${target.path} can't be written to.`);
  }
  if (target.kind === "obstacle") {
    throw new CreateError(
      "target_exists",
      `${target.path} is not a directory.`,
      "Choose another one.",
    );
  }
  if (target.busy) throw busy(directory);
  if (target.free) return { place: { new: false, free: true }, replaced: [] };
  if (target.blocked.length > 0) {
    throw new CreateError(
      "target_exists",
      `These are in the way in ${directory}: ${target.blocked.join(", ")}`,
      "Move them, or choose another directory.",
    );
  }
  if (force) return { place: { new: false, free: false }, replaced: target.clashes };
  throw notEmpty(directory, target.clashes, target.entries);
}

function notEmpty(
  directory: string,
  clashes: readonly string[],
  entries: readonly string[],
): CreateError {
  const choose = "Choose another directory, or add --force to";
  return clashes.length > 0
    ? new CreateError(
        "target_exists",
        `${directory} is not empty. These files would be overwritten: ${clashes.join(", ")}`,
        `${choose} overwrite them.`,
      )
    : new CreateError(
        "target_exists",
        `${directory} is not empty: it holds ${entries.join(", ")}`,
        `${choose} write into it all the same; nothing would be overwritten.`,
      );
}
