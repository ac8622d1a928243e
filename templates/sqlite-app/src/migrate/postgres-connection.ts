// The connections to PostgreSQL of the `db` command, which have no time limits.
import { SQL } from "bun";
import { type ConnectionSettings, sqlArguments } from "../postgres-url.ts";
import { MigrateError } from "./errors.ts";

export function openConnection(connection: ConnectionSettings): SQL {
  const [url, options] = sqlArguments(connection);
  return new SQL(url, { ...options, max: 1, connectionTimeout: 10 });
}

/**
 * Checks that each client has a session of its own on the server. pg_dump empties the search_path of its session. A
 * pooler in transaction mode would give this session to the service, which would not find its tables.
 * @throws {MigrateError} if two clients get the same session, or one client gets several.
 */
export async function refuseTransactionPooler(
  sql: SQL,
  connection: ConnectionSettings,
): Promise<void> {
  await using other = openConnection(connection);
  const sessions = new Set<string>();
  const otherSessions = new Set<string>();
  // Several times, because under load the pooler can give each client the same session again by chance.
  for (let round = 0; round < 5; round += 1) {
    sessions.add(await sessionOf(sql));
    otherSessions.add(await sessionOf(other));
  }
  const isDirect = sessions.size === 1 && otherSessions.size === 1;
  if (isDirect && sessions.isDisjointFrom(otherSessions)) return;
  throw new MigrateError("refused", "DATABASE_URL names a pooler in transaction mode.", {
    hint: "pg_dump would change sessions that the service uses. Set DATABASE_URL to the server itself for this command.",
  });
}

async function sessionOf(sql: SQL): Promise<string> {
  const [{ session }] = await sql.unsafe("SELECT pg_backend_pid()::text AS session");
  return session;
}

/**
 * SQL that disables the timeouts that would end a session while it waits for something else that needs its lock or its
 * snapshot, such as a program or a client. It does not name `transaction_timeout`, which servers before PostgreSQL 17 do
 * not have, unless it exists.
 * @param options.isLocal whether they are disabled only until the end of the transaction.
 */
export function noTimeouts({ isLocal }: { readonly isLocal: boolean }): string {
  return `
    SELECT set_config(name, '0', ${isLocal}) FROM pg_settings
    WHERE name IN ('transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout')`;
}
