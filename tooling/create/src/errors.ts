// The one error type: what went wrong, a code for programs, and a hint that says what to do next.

export type ErrorCode =
  | "usage"
  | "unknown_template"
  | "unknown_feature"
  | "invalid_name"
  | "target_exists"
  | "target_busy"
  | "not_writable"
  | "broken_template"
  | "write_failed"
  | "install_failed"
  | "git_failed"
  | "fetch_failed"
  | "refused"
  | "unfinished"
  | "conflicts"
  | "interrupted"
  | "internal";

/** Exit codes: 2 for wrong usage, refused before anything is changed; 130 for an interrupt; 1 for everything else. */
const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  usage: 2,
  unknown_template: 2,
  unknown_feature: 2,
  invalid_name: 2,
  target_exists: 2,
  interrupted: 130,
};

export class CreateError extends Error {
  override readonly name = "CreateError";
  readonly exitCode: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** The remedy: a command to type, or a choice to make. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.exitCode = EXIT_CODES[code] ?? 1;
  }
}

/** Converts anything that was thrown to a `CreateError`. A bug becomes `internal` and keeps its cause. */
export function asCreateError(error: unknown): CreateError {
  if (error instanceof CreateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CreateError("internal", message, undefined, { cause: error });
}

/** The system's error code, for example `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
