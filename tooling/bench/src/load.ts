// Starts the load generators, each a process of its own, and returns what they counted.
import { runCommand } from "./command.ts";

export interface HttpLoadOptions {
  readonly seconds: number;
  /** Connections, each with one request in flight (default 64). */
  readonly connections?: number;
}

/** Requests per second of a GET route under load. @throws when an answer is not a 200. */
export async function httpLoad(
  url: string,
  { seconds, connections = 64 }: HttpLoadOptions,
): Promise<number> {
  const program = `${import.meta.dir}/load/http.ts`;
  const command = [process.execPath, program, url, String(connections), String(seconds)];
  return Number(await runCommand(command, { cwd: import.meta.dir }));
}
