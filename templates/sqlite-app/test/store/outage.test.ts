// Which errors of a database are outages (503), and which are bugs (500).
import { expect, test } from "bun:test";
// #region postgres
import { SQL } from "bun";
// #endregion
import { StoreBusyError } from "../../src/store/busy.ts";
import { toProblem } from "../../src/store/outage.ts";

// #region postgres
const postgresError = (
  errno: string,
  code = "ERR_POSTGRES_SERVER_ERROR",
  severity: "ERROR" | "FATAL" = "ERROR",
) => new SQL.PostgresError("failed", { code, errno, detail: "", hint: "", severity });
// #endregion
const sqliteError = (code: string) => Object.assign(new Error("failed"), { code });

// #region postgres
test.each([
  ["08006", "connection failure"],
  ["25006", "read-only transaction"],
  ["25P03", "idle_in_transaction_session_timeout"],
  ["28P01", "invalid password"],
  ["3D000", "no such database"],
  ["40001", "serialization failure"],
  ["40003", "statement completion unknown"],
  ["40P01", "deadlock"],
  ["42501", "revoked privilege"],
  ["53300", "too many connections"],
  ["55006", "object in use"],
  ["55P03", "lock_timeout"],
  ["57014", "statement_timeout"],
  ["57P01", "shutdown"],
  ["58030", "I/O error"],
  ["XX001", "damaged data"],
])("SQLSTATE %s (%s) is 503 with Retry-After", (errno) => {
  const response = toProblem(postgresError(errno))?.toResponse();
  expect(response?.status).toBe(503);
  expect(Number(response?.headers.get("retry-after"))).toBeGreaterThan(0);
});

test.each([
  ["23505", "unique violation"],
  ["25P02", "statement in a failed transaction"],
  ["42601", "syntax error"],
  ["55000", "object not in the required state"],
])("SQLSTATE %s (%s) is a bug", (errno) => {
  expect(toProblem(postgresError(errno))).toBeUndefined();
});

test.each([
  ["42501", "permission denied for database"],
  ["55000", "database is not currently accepting connections"],
  ["XX000", "too many clients of Supavisor, a pooler"],
])("a fatal error with SQLSTATE %s (%s) is 503", (errno) => {
  expect(toProblem(postgresError(errno, undefined, "FATAL"))?.status).toBe(503);
});

test("a lost connection is 503", () => {
  expect(toProblem(postgresError("", "ERR_POSTGRES_CONNECTION_CLOSED"))?.status).toBe(503);
});
// #endregion

test("an exhausted wait for the lock is 503", () => {
  expect(toProblem(new StoreBusyError("busy"))?.status).toBe(503);
});

test("a full disk is 507", () => {
  expect(toProblem(sqliteError("SQLITE_FULL"))?.status).toBe(507);
  // #region postgres
  expect(toProblem(postgresError("53100"))?.status).toBe(507);
  // #endregion
});

test.each(["SQLITE_READONLY_DIRECTORY", "SQLITE_IOERR_WRITE", "SQLITE_BUSY"])(
  "%s is 503",
  (code) => {
    expect(toProblem(sqliteError(code))?.status).toBe(503);
  },
);

test("an error in SQL is a bug", () => {
  expect(toProblem(sqliteError("SQLITE_ERROR"))).toBeUndefined();
  expect(toProblem(new TypeError("undefined is not a function"))).toBeUndefined();
});
