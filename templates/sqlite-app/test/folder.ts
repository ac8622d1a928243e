// A temporary folder that is removed at the end of its scope.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sqlite-app-"));

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
