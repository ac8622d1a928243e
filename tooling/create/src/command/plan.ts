// Decides what will be done and how the files get to their directory, or why they cannot. Pure, so a refusal changes nothing.
import { CreateError } from "../errors.ts";
import { shortened } from "../shortened.ts";
import type { Template } from "../sources/templates.ts";
import type { Answers } from "./answers.ts";
import { type Install, installFor } from "./install.ts";
import { type NextSteps, nextSteps } from "./next-steps.ts";
import { targetBusy } from "./staging.ts";
import type { Target } from "./target.ts";
import type { Workspace } from "./workspace.ts";

/** Where the project will be. */
export interface Location {
  readonly target: Target;
  readonly workspace: Workspace | undefined;
  /** Why there can be no first commit. */
  readonly gitObstacle: string | undefined;
  /** The command that changes to the directory; undefined if it is the current one. */
  readonly cd: string | undefined;
  /** How the user's shell starts Bun. */
  readonly bun: string;
}

export interface Project {
  /** Version of create-bunyard, which is also the template's. */
  readonly version: string;
  /** Paths, sorted. */
  readonly files: readonly string[];
  /** Messages about files that were left out because of the location. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly directory: string;
  readonly name: string;
  readonly template: string;
  readonly version: string;
  readonly without: readonly string[];
  readonly files: readonly string[];
  readonly notes: readonly string[];
  readonly placement: Placement;
  readonly install: Install | Skipped;
  readonly git: "commit" | Skipped;
  readonly next: NextSteps;
}

/** A step that will not be done, and why. */
export interface Skipped {
  readonly skip: string;
}

export const isSkipped = (step: unknown): step is Skipped =>
  typeof step === "object" && step !== null && "skip" in step;

/** @throws {CreateError} if the project cannot be created in the directory */
export function makePlan(
  answers: Answers,
  template: Pick<Template, "features">,
  project: Project,
  location: Location,
): Plan {
  const { directory } = answers;
  const { target, workspace, cd, bun } = location;
  const install = installFor(directory, workspace, bun);
  const placement = placementIn(directory, target, answers.force);
  return {
    directory,
    name: answers.name,
    template: answers.template,
    version: project.version,
    without: answers.without,
    files: project.files,
    notes: [...dependentNotes(answers, template), ...project.notes],
    placement,
    install: answers.install ? install : { skip: "--no-install" },
    git: gitPlan(answers, location.gitObstacle ?? ignoreObstacle(placement)),
    next: nextSteps(bun, cd, answers.install ? undefined : install.command),
  };
}

/** Reports the features that were left out although the user did not name them. */
function dependentNotes(
  { without, requested }: Answers,
  { features }: Pick<Template, "features">,
): readonly string[] {
  return features
    .filter(({ name }) => without.includes(name) && !requested.includes(name))
    .map(({ name, requires }) => {
      const missing = requires.filter((required) => without.includes(required));
      return `Left out ${name}, too, because it requires ${missing.join(" and ")}.`;
    });
}

function gitPlan({ git }: Answers, obstacle: string | undefined): Plan["git"] {
  if (!git) return { skip: "--no-git" };
  return obstacle === undefined ? "commit" : { skip: obstacle };
}

/** A first commit would contain the files that the replaced .gitignore hid, for example a key. */
const ignoreObstacle = ({ replaced }: Placement): string | undefined =>
  replaced.includes(".gitignore")
    ? "your .gitignore was replaced, and it may have hidden files that must not be committed"
    : undefined;

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
