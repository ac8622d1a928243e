// Reads a metric of a server that serves them.
import type { ChatServer } from "./server.ts";

export async function readMetric(server: ChatServer, name: string): Promise<number> {
  const url = /http:\/\/\S+\/metrics/.exec(server.output)?.[0] ?? "";
  const text = await (await fetch(url)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? "NaN");
}
