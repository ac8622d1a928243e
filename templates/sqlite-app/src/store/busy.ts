// The error of a call that waited too long for the database.

/** The database was locked by other writers, or every connection was in use, for too long. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}
