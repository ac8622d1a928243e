// A folder that only this user can enter, removed when the process exits.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHot } from "../hot.ts";

const { data } = createHot<{ folder: string }>("dev:private-folder");

export function privateFolder(): string {
  // The system may have removed it, because it removes old temporary files.
  if (!data.folder || !existsSync(data.folder)) data.folder = create();
  return data.folder;
}

function create(): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  } catch (error) {
    console.error(`${tmpdir()} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    console.error("Set TMPDIR to a folder that you may write to.");
    process.exit(1);
  }
}
