// The error of migrations, backups and the `db` command: what went wrong, and what to do about it.
import { errorCode, outageReason } from "../store/connection.ts";

/** `refused`: a check failed and nothing was changed. `usage`: the arguments are wrong. */
export type MigrateErrorCode = "refused" | "failed" | "usage";

/** A problem that a check found. `subject` names the migration or file. */
export interface Finding {
  readonly code: FindingCode;
  readonly subject: string;
  readonly message: string;
}

export type FindingCode =
  // Of the files:
  | "bad-name"
  | "duplicate" // two files with one number
  | "gap" // a missing number
  | "no-up" // a down file without its up file
  | "statement" // SQL that a migration must not contain, such as COMMIT
  | "text" // not UTF-8, a control character, or an unknown mark
  // Of the files compared with the ledger:
  | "changed"
  | "conflict" // the number of an applied migration, but another name and content
  | "missing"
  | "newer" // applied, but later than every file
  | "out-of-order"
  | "reverting" // a down file outside a transaction did not finish
  // Of the database:
  | "unmanaged" // has tables or another tool's ledger, but no migration is recorded
  | "other-application"
  | "orphan"; // a row that refers to a missing row

/** Whether this is the bundle, which runs in production, and not the sources. */
export const IS_BUNDLE = !import.meta.path.endsWith(".ts");

/** The `db` command as the operator runs it. */
export const DB_COMMAND = IS_BUNDLE ? "bun dist/db.js" : "bun run db";

/** The hint of errors about a damaged database. */
export const RESTORE_HINT = `Restore a backup with \`${DB_COMMAND} restore <file>\`.`;

export class MigrateError extends Error {
  override readonly name = "MigrateError";
  readonly hint: string | undefined;
  readonly findings: readonly Finding[];

  constructor(
    readonly code: MigrateErrorCode,
    message: string,
    options: { hint?: string | undefined; findings?: readonly Finding[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.findings = options.findings ?? [];
  }
}

export function restoreCancelled(): MigrateError {
  return new MigrateError("refused", "The restore was cancelled. Nothing was changed.");
}

/** A backup without a recorded migration could not be restored. */
export function nothingToBackUp(): MigrateError {
  return new MigrateError("failed", "The database has no applied migration to back up.");
}

export function messageWithHint(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof MigrateError && error.hint ? `${message}\n${error.hint}` : message;
}

/** @throws {MigrateError} `refused` if there are findings. */
export function refuseFindings(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  throw new MigrateError("refused", findings.map(({ message }) => message).join("\n"), {
    findings,
    hint: `Nothing was changed. Check again with \`${DB_COMMAND} validate\`.`,
  });
}

/** Further reasons, which are outages only for the `db` command and at the start of the service. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "a file with this name exists",
  EISDIR: "it is a folder",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is a file",
};

export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return outageReason(error) ?? REASONS[errorCode(error) ?? ""] ?? message;
}

/** Explains an error of the file system, about `path` or the path in the error. Returns undefined for other errors. */
export function explainFileError(error: unknown, path?: string): MigrateError | undefined {
  if (!(error instanceof Error && "syscall" in error && "path" in error)) return undefined;
  const message = `${path ?? error.path}: ${reasonOf(error)}.`;
  return new MigrateError("failed", message, { cause: error });
}
