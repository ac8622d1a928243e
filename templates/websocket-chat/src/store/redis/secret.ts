// In development, nodes that share a Redis share the secret of their sessions through it.
import { RedisClient } from "bun";

const TIMEOUT_MS = 5000;

/** The secret under `prefix`, made by whichever node comes first. */
export async function sharedSecret(url: string, prefix: string): Promise<string> {
  const client = new RedisClient(url, { autoReconnect: false, connectionTimeout: TIMEOUT_MS });
  try {
    const key = `${prefix}:session-secret`;
    await client.send("SET", [key, crypto.randomUUID(), "NX"]);
    return await client.send("GET", [key]);
  } finally {
    client.close();
  }
}
