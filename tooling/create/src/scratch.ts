// Temporary folders that are removed at the end of their scope.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { CreateError, systemCode } from "./errors.ts";

export interface Scratch extends Disposable {
  /** Absolute, because programs run in other directories. */
  readonly folder: string;
}

/** @throws {CreateError} `not_writable` */
export function openScratch(): Scratch {
  const folder = create();
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function create(): string {
  try {
    return mkdtempSync(resolve(tmpdir(), "create-bunyard-"));
  } catch (cause) {
    const message = `The temporary folder ${tmpdir()} is missing or not writable (${systemCode(cause)}).`;
    const hint = "Set TMPDIR to a folder that is writable, and try again.";
    throw new CreateError("not_writable", message, hint, { cause });
  }
}
