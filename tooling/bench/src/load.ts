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
  return Number(await generate("http", url, connections, seconds));
}

export interface EventLoadOptions {
  readonly seconds: number;
  /** Event streams that are open (GET /api/events) while messages are posted (POST /api/messages). */
  readonly readers: number;
}

/** Events per second that arrive, over all readers. @throws when a stream ends or a post fails. */
export async function eventLoad(
  url: string,
  { readers, seconds }: EventLoadOptions,
): Promise<number> {
  return Number(await generate("events", url, readers, seconds));
}

export interface ChatLoadOptions {
  readonly seconds: number;
  /** Clients in one room; each message goes to all of them. */
  readonly clients: number;
  readonly dialect: "chat" | "echo" | "socket.io";
}

/** Messages delivered per second, over all clients. @throws when a connection ends or messages stop. */
export async function chatLoad(
  url: string,
  { clients, seconds, dialect }: ChatLoadOptions,
): Promise<number> {
  return Number(await generate("chat", url, clients, seconds, dialect));
}

/** Uploads so many MiB as a raw body. @throws unless the answer is 201. */
export async function uploadLoad(url: string, mebibytes: number): Promise<void> {
  await generate("upload", url, mebibytes);
}

function generate(program: string, ...args: readonly (string | number)[]): Promise<string> {
  const file = `${import.meta.dir}/load/${program}.ts`;
  return runCommand(["bun", file, ...args.map(String)], { cwd: import.meta.dir });
}
