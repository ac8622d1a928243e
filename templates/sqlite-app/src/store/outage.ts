// Tells what is wrong with the database from what is wrong with the program: the first is 503, the second 500.
import { SQL } from "bun";
import { explain } from "./connection.ts";
import { StoreBusyError } from "./writer.ts";

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention. */
const POSTGRES_DOWN = /^(?:08|53|57P)/;

/** Why the database can't answer now, as a clause; undefined when the error is something else. */
export function outage(error: unknown): string | undefined {
  if (error instanceof StoreBusyError) return error.message;
  if (error instanceof SQL.PostgresError) {
    const down =
      error.code.startsWith("ERR_POSTGRES_CONNECTION") || POSTGRES_DOWN.test(error.errno ?? "");
    return down ? error.message : undefined;
  }
  return explain(error);
}
