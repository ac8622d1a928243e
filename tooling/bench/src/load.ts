// Starts the load generators as separate processes, and returns their counts.
import { runCommand } from "./command.ts";

export interface HttpLoadOptions {
  readonly seconds: number;
  /** Connections, each with one request in flight (default 64). */
  readonly connections?: number;
}

/** Requests per second of a GET route under load. @throws if a response is not a 200. */
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
  /** The readers share this many topics, which get messages in turn; without it, the server has no topics. */
  readonly topics?: number;
}

/** Events per second that arrive, over all subscribers. @throws if a stream ends or a post fails. */
export async function eventLoad(
  url: string,
  { readers, seconds, topics = 0 }: EventLoadOptions,
): Promise<number> {
  return Number(await generate("events", url, readers, seconds, topics));
}

export interface ChatLoadOptions {
  readonly seconds: number;
  /** Clients in one room. Each message is delivered to all of them. */
  readonly clients: number;
  readonly dialect: "chat" | "echo" | "socket.io";
}

/** Messages delivered per second, over all clients. @throws if a connection ends or messages stop. */
export async function chatLoad(
  url: string,
  { clients, seconds, dialect }: ChatLoadOptions,
): Promise<number> {
  return Number(await generate("chat", url, clients, seconds, dialect));
}

/** Uploads this many MiB as a raw body. @throws unless the response is 201. */
export async function uploadLoad(url: string, mebibytes: number): Promise<void> {
  await generate("upload", url, mebibytes);
}

function generate(program: string, ...args: readonly (string | number)[]): Promise<string> {
  const file = `${import.meta.dir}/load/${program}.ts`;
  return runCommand(["bun", file, ...args.map(String)], { cwd: import.meta.dir });
}
