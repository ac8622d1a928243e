// The sessions that were signed out, for several nodes: one Redis key each, which expires with the session.
import type { RedisConnection } from "#lib/redis";
import { lastExpiry, type Session } from "../session/cookie.ts";
import type { EndedSessions } from "../session/ended-sessions.ts";

export class RedisEndedSessions implements EndedSessions {
  /** @param prefix of every key. */
  constructor(
    readonly redis: RedisConnection,
    readonly prefix: string,
  ) {}

  async end(session: Session): Promise<void> {
    const ttl = lastExpiry(session) - Date.now();
    await this.redis.send("SET", [this.#key(session), "1", "PX", `${Math.ceil(ttl)}`]);
  }

  async has(session: Session): Promise<boolean> {
    return (await this.redis.send("GET", [this.#key(session)])) !== null;
  }

  #key({ id }: Session): string {
    return `${this.prefix}:ended-session:${id}`;
  }
}
