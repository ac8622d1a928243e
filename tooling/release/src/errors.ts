// The one error type: why a release is not possible, and what to do about it.

/** `usage` exits with 2, `refused` and `failed` with 1. In each case nothing was changed. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";

  constructor(
    readonly code: "usage" | "refused" | "failed",
    message: string,
  ) {
    super(message);
  }

  get exitCode(): number {
    return this.code === "usage" ? 2 : 1;
  }
}
