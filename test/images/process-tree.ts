// Finds a process below another one, through /proc.
import { readdir, readFile } from "node:fs/promises";

/**
 * Returns the nearest descendant of `pid` whose command line satisfies `matches`, or undefined if no process does. A process
 * that has ended is not found.
 */
export async function findDescendant(
  pid: number,
  matches: (commandLine: string) => boolean,
): Promise<number | undefined> {
  for (const child of await childrenOf(pid)) {
    const commandLine = await whileItRuns(readFile(`/proc/${child}/cmdline`, "utf8"));
    if (commandLine !== undefined && matches(commandLine)) return child;
    const found = await findDescendant(child, matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Each thread of a process lists the children that it started. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = (await whileItRuns(readdir(`/proc/${pid}/task`))) ?? [];
  const lists = await Promise.all(
    threads.map((thread) => whileItRuns(readFile(`/proc/${pid}/task/${thread}/children`, "utf8"))),
  );
  return lists.flatMap((list) => (list ?? "").split(" ").filter(Boolean).map(Number));
}

/** Reads a file of /proc. Returns undefined if the process or thread has ended. */
async function whileItRuns<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^(ENOENT|ESRCH)$/.test(String(error.code))) {
      return undefined;
    }
    throw error;
  }
}
