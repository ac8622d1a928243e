// The errors of writing files: what happened, why, and what to do.
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { CreateError, systemCode } from "../errors.ts";

export function withReadableMessage(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof CreateError) return error;
  const options = { cause: error };
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return new CreateError(
      "not_writable",
      `${unwritablePath(error) ?? dirname(path)} is not writable (${code}).`,
      "Change its permissions, or choose another directory.",
      options,
    );
  }
  const hint = ["ENOSPC", "EDQUOT", "EFBIG"].includes(code)
    ? "Free disk space and try again."
    : undefined;
  const message = `Writing failed, and no file was left behind: ${String(error)}`;
  return new CreateError("write_failed", message, hint, options);
}

/** The folder that is not writable, or else the file that the failed call could not replace. */
function unwritablePath(error: unknown): string | undefined {
  const { path, dest } = error as { readonly path?: unknown; readonly dest?: unknown };
  const paths = [dest, path].filter((name) => typeof name === "string");
  return paths.map(dirname).find(isUnwritable) ?? paths.find((name) => existsSync(name));
}

/** False for a folder that no longer exists. */
function isUnwritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return systemCode(error) !== "ENOENT";
  }
}
