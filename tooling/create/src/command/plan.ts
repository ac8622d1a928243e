// Decides what will be done, from the answers and the state of the disk. Pure, so a refusal changes nothing.
import type { Template } from "../sources/templates.ts";
import type { Answers } from "./answers.ts";
import { type Install, installFor } from "./install.ts";
import { type NextSteps, nextSteps } from "./next-steps.ts";
import { type Placement, placementIn } from "./placement.ts";
import type { Target } from "./target.ts";
import type { Workspace } from "./workspace.ts";

/** Where the project will be. */
export interface Location {
  /** Absolute. */
  readonly directory: string;
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
  const { directory, target, workspace, cd, bun } = location;
  const install = installFor(directory, workspace, bun);
  return {
    directory,
    name: answers.name,
    template: answers.template,
    version: project.version,
    without: answers.without,
    files: project.files,
    notes: [...dependentNotes(answers, template), ...project.notes],
    placement: placementIn(directory, target, answers.force),
    install: answers.install ? install : { skip: "--no-install" },
    git: gitPlan(answers, location.gitObstacle),
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
