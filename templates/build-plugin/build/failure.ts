// What stops a build, and how it is told: with positions, and without stacks.
import { ContentError } from "../src/error.ts";

export class BuildFailure extends Error {
  override readonly name = "BuildFailure";

  constructor(
    message: string,
    /** What to do about it. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Runs `work`, prints what it says, and gives the exit code. What is no failure but a bug keeps its stack. */
export async function reported(work: () => Promise<string>): Promise<0 | 1> {
  try {
    console.log(await work());
    return 0;
  } catch (error) {
    console.error(explain(error));
    return 1;
  }
}

export function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join("\n\n");
  if (error instanceof ContentError) return error.message;
  if (error instanceof BuildFailure) {
    return error.hint ? `${error.message}\n\n${error.hint}` : error.message;
  }
  if (error instanceof BuildMessage || error instanceof ResolveMessage) return located(error);
  if (!(error instanceof Error)) return String(error);
  // What the system or an option parser says has a code, and is nobody's bug: a full disk, a folder that is closed.
  return "code" in error ? error.message : (error.stack ?? error.message);
}

/** A message of the bundler. Those of our loaders carry their place and frame themselves. */
function located(error: BuildMessage | ResolveMessage): string {
  const { message, position } = error;
  if (position === null) return message;
  const { file, line, column } = position;
  // Of an import in a page, the bundler knows the file only.
  if (line < 1) return error instanceof ResolveMessage ? `${file}: ${message}` : message;
  const lineText = position.lineText.replaceAll(/[\r\n]/g, ""); // of CSS, it has line ends
  const label = String(line);
  return [
    `${file}:${line}:${column}: ${message}`,
    "",
    `> ${label} | ${lineText}`,
    `  ${" ".repeat(label.length)} | ${lineText.slice(0, column - 1).replaceAll(/[^\t]/g, " ")}^`,
  ].join("\n");
}
