// Runs the command in this process. Only this file reads arguments, streams and signals.
import { fstatSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { CreateError, systemCode } from "../errors.ts";
import type { TemplateSource } from "../sources/templates.ts";
import { run } from "./run.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export async function start(source: TemplateSource): Promise<void> {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => interrupt.abort());
  }
  assumeTerminalSize();
  let lost: string | undefined;
  const exitCode = await run(source, {
    argv: process.argv.slice(2),
    get cwd() {
      return currentDirectory();
    },
    home: homedir(),
    variables: process.env,
    bun: process.execPath,
    signal: interrupt.signal,
    isTerminal,
    openKeyboard: async () => {
      const { openKeyboard } = await import("./keyboard.ts");
      return openKeyboard(process.stdin, () => interrupt.abort());
    },
    colors: { out: hasColors(1), err: hasColors(2) },
    columns: () => process.stdout.columns,
    out: (text) => {
      lost ??= write(1, `${text}\n`);
    },
    err: (text) => write(2, `${text}\n`),
    spin: (text) => (isTerminal() ? spin(text) : () => undefined),
  });
  if (lost !== undefined) write(2, `✖ The output could not be written (${lost}).\n`);
  process.exitCode = lost === undefined ? exitCode : exitCode || 1;
}

/**
 * Writes a text completely. `console.log` does not report a full disk, and `console.error` prints in red.
 * @returns the error code if it failed, except for a pipe whose reader has ended, as in `| head`
 */
function write(descriptor: number, text: string): string | undefined {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      const code = systemCode(error);
      if (code !== "EAGAIN") return code === "EPIPE" ? undefined : code;
      // A pipe is full, and does not block.
      Bun.sleepSync(1);
    }
  }
  return undefined;
}

/** Bun has one answer for both streams, which is true if one of them is a terminal. */
const hasColors = (descriptor: number): boolean =>
  Bun.enableANSIColors &&
  (process.env.FORCE_COLOR !== undefined || fstatSync(descriptor).isCharacterDevice());

const isTerminal = (): boolean => Boolean(process.stdin.isTTY && process.stdout.isTTY);

/** Terminals without a size, as in some containers, report 0, and the prompt library would write one character per line. */
function assumeTerminalSize(): void {
  const { stdout } = process;
  if (stdout.columns === 0) stdout.columns = 80;
  if (stdout.rows === 0) stdout.rows = 24;
}

/** @throws {CreateError} if it was deleted */
function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const hint = "Change to another directory, and try again.";
    throw new CreateError("refused", "The current directory does not exist any more.", hint, {
      cause,
    });
  }
}

/** The prompt library's spinner exits with code 0 on Ctrl-C, before the files are removed. */
function spin(text: string): () => void {
  let count = 0;
  const draw = () => {
    write(1, `\r${FRAMES[count % FRAMES.length]} ${text}`);
    count += 1;
  };
  draw();
  const timer = setInterval(draw, 80);
  return () => {
    clearInterval(timer);
    write(1, "\r\u001b[K");
  };
}
