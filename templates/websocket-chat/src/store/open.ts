// Opens what the environment names: the store of the messages, and the secret of the sessions.
import { join } from "node:path";
import type { Env } from "../env.ts";
import { developmentSecret } from "../session.ts";
import { LocalStore } from "./local.ts";
import { RedisStore } from "./redis/redis.ts";
import { sharedSecret } from "./redis/secret.ts";
import type { Listener, Store } from "./store.ts";

/** @throws when the file can't be opened; a Redis that is away is waited for. */
export function openStore(
  { DATA_DIR, REDIS_URL: url, REDIS_PREFIX: prefix }: Env,
  listener: Listener,
  report: (error: unknown) => void,
): Store {
  if (url) return new RedisStore({ url, prefix, listener, report });
  return new LocalStore(join(DATA_DIR, "chat.db"), listener);
}

/** Production brings a secret; development keeps one where the messages are. */
export async function sessionSecret(env: Env): Promise<string> {
  const { SESSION_SECRET, DATA_DIR, REDIS_URL: url, REDIS_PREFIX: prefix } = env;
  if (SESSION_SECRET) return SESSION_SECRET;
  return url ? sharedSecret(url, prefix) : developmentSecret(DATA_DIR);
}
