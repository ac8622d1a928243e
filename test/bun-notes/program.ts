// Runs small programs with the Bun under test, each in a new, empty folder.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Files = Readonly<Record<string, string>>;

/** Calls `use` with an empty folder that contains these files, and removes it afterwards. */
export async function withFolder<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bun-notes-"));
  try {
    for (const [path, text] of Object.entries(files)) await Bun.write(join(folder, path), text);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a command in a folder, and waits for its end. */
export async function run(
  folder: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = Bun.spawn([...command], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** Runs `main.ts` of these files, and returns what it printed. */
export const runProgram = (files: Files, args: readonly string[] = []) =>
  withFolder(files, (folder) => run(folder, [process.execPath, ...args, "main.ts"]));

/** Starts `main.ts` of a folder as a server that prints its URL first. */
export async function startProgram(folder: string, args: readonly string[] = []) {
  const child = Bun.spawn([process.execPath, ...args, "main.ts"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let printed = "";
  while (!printed.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The program ended before it listened: ${printed}`);
    printed += decoder.decode(value, { stream: true });
  }
  return { child, url: new URL(printed.slice(0, printed.indexOf("\n"))) };
}

/** Waits until `condition` holds. The time limit of the test ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(10);
}
