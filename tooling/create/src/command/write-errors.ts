// The errors of writing files: what happened, why, and what to do.
import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CreateError, systemCode } from "../errors.ts";

/** The staging directory inside an existing directory. Only one run can create it, so it is a lock as well. */
export const STAGING_DIRECTORY = ".create-bunyard";

/** Refuses a directory to which another run is writing, or was when it was killed. */
export function targetBusy(directory: string): CreateError {
  const staging = join(directory, STAGING_DIRECTORY);
  const backups = join(staging, "old");
  const restore = existsSync(backups)
    ? `restore the files that it replaced from ${backups}, then delete ${staging}`
    : `delete ${staging}`;
  return new CreateError(
    "target_busy",
    `Another run is creating a project in ${directory}, or was killed.`,
    `Wait for it. If it was killed, ${restore}.`,
  );
}

export const targetChanged = (path: string): CreateError =>
  new CreateError(
    "target_exists",
    `Another program wrote to ${path} during the run.`,
    "Choose another directory.",
  );

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
