// Users and sessions on PostgreSQL.
import { type PostgresPool, time } from "../../store/postgres.ts";
import type { NewSession, NewUser, Profile, User, UserStore } from "./store.ts";

export class PostgresUsers implements UserStore {
  constructor(private readonly pool: PostgresPool) {}

  async createUser({ email, name, passwordHash }: NewUser): Promise<User | undefined> {
    const [user] = await this.pool.query<User>(
      `INSERT INTO users (email, name, password_hash, created_at) VALUES ($1, $2, $3, now())
       ON CONFLICT DO NOTHING RETURNING id, email, name, ${time("created_at")} AS "createdAt"`,
      [email, name, passwordHash],
    );
    return user;
  }

  async findCredentials(email: string): ReturnType<UserStore["findCredentials"]> {
    // Only the collation C has the same lower case in every locale; in Turkish, that of I is ı.
    const [user] = await this.pool.query<{ id: number; hash: string }>(
      `SELECT id, password_hash AS hash FROM users WHERE lower(email COLLATE "C") = lower($1 COLLATE "C")`,
      [email],
    );
    return user;
  }

  async findProfile(id: number): Promise<Profile | undefined> {
    const [profile] = await this.pool.query<Profile>(
      `SELECT
         -- #region articles
         (
           SELECT coalesce(json_agg(a ORDER BY a."createdAt" DESC, a.id DESC), '[]')
           FROM (SELECT a.id, a.title, ${time("a.created_at")} AS "createdAt", ${time("a.updated_at")} AS "updatedAt"
                 FROM articles AS a WHERE a.author = u.id ORDER BY a.created_at DESC, a.id DESC LIMIT 100) AS a
         ) AS articles,
         -- #endregion
         u.id, u.name, ${time("u.created_at")} AS "createdAt"
       FROM users AS u WHERE u.id = $1`,
      [id],
    );
    return profile;
  }

  async createSession({ userId, tokenHash, expiresAt }: NewSession): Promise<void> {
    await this.pool.query(
      `WITH expired AS (DELETE FROM sessions WHERE expires_at <= now())
       INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)`,
      [tokenHash, userId, expiresAt],
    );
  }

  async findSession(tokenHash: Uint8Array): Promise<number | undefined> {
    const [session] = await this.pool.query<{ user_id: number }>(
      "SELECT user_id FROM sessions WHERE token_hash = $1 AND expires_at > now()",
      [tokenHash],
    );
    return session?.user_id;
  }

  async deleteSession(tokenHash: Uint8Array): Promise<void> {
    await this.pool.query("DELETE FROM sessions WHERE token_hash = $1", [tokenHash]);
  }
}
