// The error of a service that cannot use its DATA_DIR.
import { StartError } from "./lifecycle.ts";

/** For a folder that cannot be used. @param cause a `StartError`, which already explains itself, is returned as it is. */
export function dataDirError(directory: string, cause: unknown): StartError {
  if (cause instanceof StartError) return cause;
  const reason = cause instanceof Error ? cause.message : cause;
  const hint = "Set DATA_DIR to a folder that the service may write, on a disk with free space.";
  return new StartError(`Can't store data in ${directory} (${reason}).`, hint, { cause });
}
