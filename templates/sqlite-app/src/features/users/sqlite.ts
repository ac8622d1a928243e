// Users and sessions on SQLite.
import { now, type SqliteDatabase } from "../../store/sqlite.ts";
import type { NewSession, NewUser, Profile, User, UserStore } from "./store.ts";

export class SqliteUsers implements UserStore {
  constructor(private readonly database: SqliteDatabase) {}

  createUser({ email, name, passwordHash }: NewUser): Promise<User | undefined> {
    return this.database.writeRow<User>(
      `INSERT INTO users (email, name, password_hash, created_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (email) DO NOTHING RETURNING id, email, name, created_at AS "createdAt"`,
      [email, name, passwordHash, now()],
    );
  }

  async findCredentials(email: string): ReturnType<UserStore["findCredentials"]> {
    return this.database.readRow<{ id: number; hash: string }>(
      "SELECT id, password_hash AS hash FROM users WHERE email = ?",
      [email],
    );
  }

  async findProfile(id: number): Promise<Profile | undefined> {
    const row = this.database.readRow<{ profile: string }>(
      `SELECT json_object(
         -- #region articles
         'articles', json((
           SELECT json_group_array(json_object('id', a.id, 'title', a.title, 'createdAt', a.created_at, 'updatedAt', a.updated_at))
           FROM (SELECT * FROM articles WHERE author = u.id ORDER BY created_at DESC, seq DESC LIMIT 100) AS a
         )),
         -- #endregion
         'id', u.id, 'name', u.name, 'createdAt', u.created_at
       ) AS profile
       FROM users AS u WHERE u.id = ?`,
      [id],
    );
    return row && JSON.parse(row.profile);
  }

  createSession({ userId, tokenHash, expiresAt }: NewSession): Promise<void> {
    return this.database.write((writer) => {
      writer.query("DELETE FROM sessions WHERE expires_at <= ?").run(now());
      writer
        .query("INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (?, ?, ?)")
        .run(tokenHash, userId, expiresAt.toISOString());
    });
  }

  async findSession(tokenHash: Uint8Array): Promise<number | undefined> {
    const session = this.database.readRow<{ user_id: number }>(
      "SELECT user_id FROM sessions WHERE token_hash = ? AND expires_at > ?",
      [tokenHash, now()],
    );
    return session?.user_id;
  }

  async deleteSession(tokenHash: Uint8Array): Promise<void> {
    await this.database.write((writer) =>
      writer.query("DELETE FROM sessions WHERE token_hash = ?").run(tokenHash),
    );
  }
}
