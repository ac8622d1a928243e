// Distinguishes database outages (503) from bugs (500).
import { SQL } from "bun";
import { type Problem, storeUnavailable } from "#lib/http";
import { explain } from "./connection.ts";
import { StoreBusyError } from "./writer.ts";

/**
 * SQLSTATEs for which a retry may succeed (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 * Of class 25, 40 and 55 only these: the other codes are bugs.
 */
const POSTGRES_OUTAGES = new RegExp(
  `^(?:${[
    "08", // connection exception
    "25006", // read-only transaction: a standby, or default_transaction_read_only
    "25P0[34]", // idle_in_transaction_session_timeout, transaction_timeout
    "40001", // serialization failure
    "40P01", // deadlock
    "53", // insufficient resources: disk, memory, connections
    "55006", // object in use
    "55P03", // lock_timeout
    "57", // operator intervention: statement_timeout, shutdown, crash recovery
    "58", // system error, e.g. of the disk
  ].join("|")})`,
);

/** Maps an outage of the database to a 503; undefined for any other error. */
export function toProblem(error: unknown): Problem | undefined {
  return isOutage(error) ? storeUnavailable(error) : undefined;
}

function isOutage(error: unknown): boolean {
  if (error instanceof StoreBusyError) return true;
  if (!(error instanceof SQL.PostgresError)) return explain(error) !== undefined;
  const { code, errno } = error;
  return code.startsWith("ERR_POSTGRES_CONNECTION") || POSTGRES_OUTAGES.test(errno ?? "");
}
