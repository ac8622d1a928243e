// The commands with which a user or a program continues after the project has been created.
import { basename, delimiter } from "node:path";
import { engines } from "../../package.json" with { type: "json" };
import type { Variables } from "../subprocess.ts";

const VERSION = engines.bun.replace(/^\D+/, "");

/** How the user's shell starts Bun. Package runners put a Bun on the PATH that is gone once they have ended. */
export function bunCommand({ PATH = "" }: Variables): string {
  const own = PATH.split(delimiter).filter(
    (folder) => !/[/\\]node_modules[/\\]/.test(folder) && !basename(folder).startsWith("bun-node-"),
  );
  const found = Bun.which("bun", { PATH: own.join(delimiter) });
  return found === null ? `npx bun@${VERSION}` : "bun";
}

export interface NextSteps {
  readonly forUsers: readonly string[];
  /** An agent or a CI job runs them in order, so the first ones have to end. */
  readonly forPrograms: readonly string[];
}

/**
 * @param cd undefined if the project is in the current directory
 * @param install undefined if the dependencies are installed
 */
export function nextSteps(
  bun: string,
  cd: string | undefined,
  install: string | undefined,
): NextSteps {
  const before = [cd, install].filter((command) => command !== undefined);
  const start = `${bun} run dev`;
  return {
    forUsers: [...before, start],
    forPrograms: [...before, `${bun} run check`, start],
  };
}
