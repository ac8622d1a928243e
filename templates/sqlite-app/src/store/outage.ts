// Distinguishes database outages (503, or 507 for a full disk) from bugs (500).
// #region postgres
import { SQL } from "bun";
// #endregion
import { type Problem, storeUnavailable } from "#lib/http";
import { StoreBusyError } from "./busy.ts";
import { outageReason } from "./connection.ts";
// #region postgres
import { unstorableText } from "./postgres.ts";

// #endregion

// #region postgres
/**
 * SQLSTATEs for which a retry may succeed (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 * The other codes of the classes 25, 40, 42 and 55 are bugs.
 */
const POSTGRES_OUTAGES = new RegExp(
  `^(?:${[
    "08", // connection exception
    "28", // invalid authorization, e.g. after the password was changed
    "25006", // read-only transaction: a standby, or default_transaction_read_only
    "25P0[34]", // idle_in_transaction_session_timeout, transaction_timeout
    "3D000", // the database does not exist, or no longer exists
    "40001", // serialization failure
    "40003", // statement completion unknown
    "40P01", // deadlock
    "42501", // insufficient privilege: one was revoked
    "53", // insufficient resources: disk, memory, connections
    "55006", // object in use
    "55P03", // lock_timeout
    "57", // operator intervention: statement_timeout, shutdown, crash recovery
    "58", // system error, e.g. of the disk
    "XX", // internal error, e.g. damaged data
  ].join("|")})`,
);
// #endregion

/** Maps an outage of the database to a 503, or a 507 for a full disk. Returns undefined for any other error. */
export function toProblem(error: unknown): Problem | undefined {
  // #region postgres
  const refused = unstorableText(error);
  if (refused) return refused;
  // #endregion
  return isOutage(error) ? storeUnavailable(error) : undefined;
}

function isOutage(error: unknown): boolean {
  if (error instanceof StoreBusyError) return true;
  // #region postgres
  if (error instanceof SQL.PostgresError) {
    const { code, errno, severity } = error;
    // After a fatal error, the server closes the connection. No statement causes one, whatever its SQLSTATE.
    const isConnectionLost = code.startsWith("ERR_POSTGRES_CONNECTION") || severity === "FATAL";
    return isConnectionLost || POSTGRES_OUTAGES.test(errno ?? "");
  }
  // #endregion
  return outageReason(error) !== undefined;
}
