// Tells what is wrong with the database from what is wrong with the program: the first is 503, the second 500.
import { explain } from "./connection.ts";
import { StoreBusyError } from "./writer.ts";

/** Why the database can't answer now, as a clause; undefined when the error is something else. */
export function outage(error: unknown): string | undefined {
  if (error instanceof StoreBusyError) return "another process is writing to it";
  return explain(error);
}
