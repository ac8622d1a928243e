// The commands that the repository's README gives for a way to get a starter.
import { commandsOf, sectionOf } from "../readme/commands.ts";
import { readText } from "../workspaces.ts";

const readme = await readText("README.md");

/** The section under a heading, for another template than the one in the README. */
export function wayOf(heading: string, template: string): string {
  return sectionOf(heading, readme)
    .replaceAll("http-sse", template)
    .replaceAll("my-app", `my-${template}`);
}

/** The commands of that section, line by line. @throws if there are none */
export function commandsFor(heading: string, template: string): readonly string[] {
  const commands = commandsOf(wayOf(heading, template));
  if (commands.length === 0) throw new Error(`README.md: there are no commands under ${heading}`);
  return commands;
}
