// The connections to PostgreSQL of the `db` command, which have no time limits.
import { SQL } from "bun";
import { type ConnectionSettings, sqlArguments } from "../postgres-url.ts";

export function openConnection(connection: ConnectionSettings): SQL {
  const [url, options] = sqlArguments(connection);
  return new SQL(url, { ...options, max: 1, connectionTimeout: 10 });
}

/**
 * SQL that disables the timeouts that would end a session while it holds a lock or a snapshot for other sessions. It does
 * not name `transaction_timeout`, which servers before PostgreSQL 17 do not have, unless it exists.
 * @param options.isLocal whether they are disabled only until the end of the transaction.
 */
export function noTimeouts({ isLocal }: { readonly isLocal: boolean }): string {
  return `
    SELECT set_config(name, '0', ${isLocal}) FROM pg_settings
    WHERE name IN ('transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout')`;
}
