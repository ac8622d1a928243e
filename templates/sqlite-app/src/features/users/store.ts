// The store interface of users and sessions, and the schemas of their responses. Every engine passes the contract in test/store/.
import { z } from "zod";

export const user = z.object({
  id: z.int(),
  email: z.email(),
  name: z.string(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
});
export type User = Readonly<z.output<typeof user>>;

export const profile = z.object({
  id: z.int(),
  name: z.string(),
  createdAt: z.string(),
  // #region articles
  /** The newest 100, without their bodies. */
  articles: z.array(
    z.object({ id: z.int(), title: z.string(), createdAt: z.string(), updatedAt: z.string() }),
  ),
  // #endregion
});
export type Profile = Readonly<z.output<typeof profile>>;

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
}

export interface NewSession {
  readonly userId: number;
  readonly tokenHash: Uint8Array;
  readonly expiresAt: Date;
}

/** Every method may reject with an outage of the database, which `toProblem` maps to 503, or to 507 for a full disk. */
export interface UserStore {
  /** Returns undefined if the email is taken. Emails are compared without the case of ASCII letters. */
  createUser(user: NewUser): Promise<User | undefined>;
  findCredentials(
    email: string,
  ): Promise<{ readonly id: number; readonly hash: string } | undefined>;
  findProfile(id: number): Promise<Profile | undefined>;
  /** Also deletes expired sessions. */
  createSession(session: NewSession): Promise<void>;
  /** Returns the user's id; undefined if the session does not exist or has expired. */
  findSession(tokenHash: Uint8Array): Promise<number | undefined>;
  deleteSession(tokenHash: Uint8Array): Promise<void>;
}
