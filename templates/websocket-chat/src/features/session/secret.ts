// The secret that signs the session cookies: from the environment, or in development created once and stored.
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataDirError } from "#lib/data-dir";
import type { Env } from "../../env.ts";
// #region redis
import { sharedSecret } from "../redis/stores.ts";

// #endregion
/**
 * Without `SESSION_SECRET`, the secret is stored where the messages are, so that sessions survive a
 * restart and nodes that share their messages share their sessions.
 * @throws {StartError} if it cannot be stored.
 */
export async function openSessionSecret(env: Env): Promise<string> {
  if (env.SESSION_SECRET) return env.SESSION_SECRET;
  // #region redis
  if (env.REDIS_URL) return await sharedSecret(env.REDIS_URL, env.REDIS_PREFIX);
  // #endregion
  try {
    return await secretInFile(env.DATA_DIR);
  } catch (cause) {
    throw dataDirError(env.DATA_DIR, cause);
  }
}

async function secretInFile(directory: string): Promise<string> {
  const file = join(directory, "session-secret");
  const draft = `${file}.${crypto.randomUUID()}`;
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(draft, crypto.randomUUID(), { mode: 0o600 });
    // Unlike a write, a link is atomic: of several processes that start together, exactly one creates the secret.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return await readFile(file, "utf8");
}
