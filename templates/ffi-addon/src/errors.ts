// The one error type of the library; callers branch on `code`.

export type AddonErrorCode =
  | "invalid_argument" // the wrong type, or none at all
  | "out_of_range" // the right type, but NaN, infinite, too small or too large
  | "wrong_length" // a vector that does not fit the index's dimensions
  | "detached" // a view whose buffer was transferred, or shrunk below it
  | "overflow" // the result does not fit
  | "closed" // the index was closed
  | "busy" // the index is in use by a callback or on another thread
  | "cancelled" // the signal of a search aborted
  | "out_of_memory"
  | "not_an_index" // a file that this library did not write
  | "unsupported_version" // a file that a newer version wrote
  | "corrupt_file"
  // #region worker
  | "worker_failed" // the thread of searchInWorker did not start, or ended
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
