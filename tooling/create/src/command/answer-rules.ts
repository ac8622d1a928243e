// The rules that answers have to follow on this disk: a directory that can be used, and a valid, unused name.
import { basename } from "node:path";
import { CreateError } from "../errors.ts";
import type { TemplateSource } from "../sources/templates.ts";
import type { Check, Rules } from "./answers.ts";
import type { Args } from "./args.ts";
import type { Environment } from "./environment.ts";
import { directoryNameRefusal, nameRefusal, normalizeName } from "./names.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { placementIn } from "./placement.ts";
import { inspectTarget, resolveTarget } from "./target.ts";
import { findWorkspace } from "./workspace.ts";
import { duplicateName } from "./workspace-members.ts";

export function rulesFor(environment: Environment, { clone }: TemplateSource, args: Args): Rules {
  const resolved = (typed: string) => resolveTarget(typed, environment);
  const refuse = (typed: string): void => {
    const directory = resolved(typed);
    const refusal = directoryNameRefusal(basename(directory));
    if (refusal !== undefined) throw refusal;
    if (clone !== undefined) refuseOwnFolders(clone, directory);
    // The files depend on the template, which is chosen later. Without --force, any file is in the way.
    placementIn(directory, inspectTarget(directory, []), args.has("force"));
  };
  return {
    directory: checkWith(refuse),
    suggestedName: (typed) => normalizeName(basename(resolved(typed))),
    name: (name, typed, isChosen) => {
      const directory = resolved(typed);
      return (
        directoryNameRefusal(basename(directory)) ??
        nameRefusal(name, isChosen ? undefined : basename(directory)) ??
        duplicateName(name, findWorkspace(directory))
      );
    },
  };
}

const checkWith =
  (refuse: (answer: string) => void): Check =>
  (answer) => {
    try {
      refuse(answer);
      return undefined;
    } catch (error) {
      if (error instanceof CreateError) return error;
      throw error;
    }
  };
