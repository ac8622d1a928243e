// The error type of the package; callers branch on `code`.

export type AddonErrorCode =
  | "invalid_argument" // the wrong type, or not one of the allowed values
  | "out_of_range" // a number that is NaN, infinite, not an integer, too small or too large
  | "wrong_length" // a vector that does not fit the index's dimensions
  | "detached" // a view whose buffer was transferred, or shrunk so that the view no longer fits
  | "overflow" // the result does not fit
  | "closed" // the index was closed
  | "busy" // a search reads the index
  | "out_of_memory"
  | "not_an_index" // a file that does not start as a saved index does
  | "unsupported_version" // a file that a newer version wrote
  | "corrupt_file"
  // #region worker
  | "worker_failed" // the thread of searchInWorker did not start, ended, or threw another error
  // #endregion
  | "io_failed" // `cause` is the system's error
  | "backend_unavailable";

export class AddonError extends Error {
  override readonly name = "AddonError";

  constructor(
    readonly code: AddonErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const notFiniteError = (argument: "vectors" | "query"): AddonError =>
  new AddonError("out_of_range", `${argument} holds NaN or an infinity.`);

export const outOfMemoryError = (cause?: unknown): AddonError =>
  new AddonError("out_of_memory", "There is no memory for the vectors.", { cause });

/** Not an AddonError: the caller of a cancelled search has been rejected with the reason already. */
export const cancelledError = (): Error => new Error("The search was cancelled.");
// #region worker

export const workerFailedError = (reason: unknown): AddonError =>
  new AddonError("worker_failed", `The search worker failed: ${reason}`);
// #endregion
