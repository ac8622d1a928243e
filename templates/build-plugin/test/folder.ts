// Temporary folders for tests, outside the project. They are removed at the end of the test.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Folder implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), "build-plugin-")));

  /** @param files texts or bytes by path. */
  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) await Bun.write(this.at(path), content);
  }

  at(path: string): string {
    return join(this.path, path);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
