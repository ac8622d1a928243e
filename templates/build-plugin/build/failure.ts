// Errors of the build, and how they are printed: with positions, and without stack traces.
import { replaceControls } from "../src/frame.ts";

export class BuildFailure extends Error {
  override readonly name = "BuildFailure";

  constructor(
    message: string,
    /** Tells the user how to fix it. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Runs a command, prints its result or its error, and returns the exit code. Only bugs are printed with a stack trace. */
export async function runAndReport(command: () => Promise<string>): Promise<0 | 1> {
  try {
    console.log(replaceControls(await command()));
    return 0;
  } catch (error) {
    console.error(explain(error));
    return 1;
  }
}

/** Returns the text to print for an error. */
export function explain(error: unknown): string {
  return replaceControls(describe(error).replaceAll("\r\n", "\n"));
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join("\n\n");
  if (error instanceof BuildFailure) {
    return error.hint ? `${error.message}\n\n${error.hint}` : error.message;
  }
  if (error instanceof BuildMessage || error instanceof ResolveMessage)
    return formatBundlerMessage(error);
  if (!(error instanceof Error)) return String(error);
  // An error with a code is not a bug: invalid content or options, a full disk, a folder without permission.
  return "code" in error ? error.message : (error.stack ?? error.message);
}

/** Formats a message of the bundler. The messages of our plugins already contain their position and code frame. */
function formatBundlerMessage(error: BuildMessage | ResolveMessage): string {
  const { message, position } = error;
  if (position === null) return message;
  const { file, line, column } = position;
  // For an import in a page, the bundler only knows the file.
  if (line < 1) return error instanceof ResolveMessage ? `${file}: ${message}` : message;
  const lineText = position.lineText.replaceAll(/[\r\n]/g, ""); // in CSS, it includes the line end
  const label = String(line);
  return [
    `${file}:${line}:${column}: ${message}`,
    "",
    `> ${label} | ${lineText}`,
    `  ${" ".repeat(label.length)} | ${lineText.slice(0, column - 1).replaceAll(/[^\t]/g, " ")}^`,
  ].join("\n");
}
