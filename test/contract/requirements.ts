// Programs that a command of a README or a project needs, and that a machine may lack. CI has all of them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspaces.ts";
import { searchPath } from "./command.ts";

const has = (program: string) => Bun.which(program, { PATH: searchPath() }) !== null;
const hasCompiler = ["cc", "clang", "gcc", "zig"].some(has);

const programs: readonly (readonly [command: RegExp, program: string])[] = [
  [/\bcurl\b/, "curl"],
  [/^bun run package --/, "zig"],
  // The load generator reads the memory of the server with it.
  [/^bun run load\b/, "ps"],
];

/** Why a command of a project from this template cannot run here, e.g. `no C compiler`; undefined if it can. */
export function missingFor(template: string, command: string): string | undefined {
  const lacking = programs.find(([pattern, program]) => pattern.test(command) && !has(program));
  if (lacking !== undefined) return `no ${lacking[1]}`;
  if (hasCompiler || !/^bun run (build|package)\b/.test(command)) return undefined;
  return existsSync(join(root, "templates", template, "native")) ? "no C compiler" : undefined;
}
