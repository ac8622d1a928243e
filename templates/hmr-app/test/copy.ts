// A copy of the project in a temporary folder: what a test edits is never the source itself.
import { cp, mkdtemp, realpath, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dir, "..");
const parts = ["src", "package.json", "bunfig.toml", "tsconfig.json", "build.ts", "compile.ts"];

export class Copy implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Copy> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "hmr-app-copy-")));
    for (const part of parts) {
      await cp(join(project, part), join(folder, part), { recursive: true });
    }
    await symlink(join(project, "node_modules"), join(folder, "node_modules"), "junction");
    return new Copy(folder);
  }

  read(path: string): Promise<string> {
    return Bun.file(join(this.folder, path)).text();
  }

  async write(path: string, text: string): Promise<void> {
    await Bun.write(join(this.folder, path), text);
  }

  /** As editors save that never leave half a file: a new file takes the name of the old one. */
  async writeAtomically(path: string, text: string): Promise<void> {
    const temporary = join(this.folder, `${path}.tmp~`);
    await Bun.write(temporary, text);
    await rename(temporary, join(this.folder, path));
  }

  /** Replaces a piece of a file. @throws if the file has no such piece. */
  async edit(path: string, piece: string, by: string): Promise<void> {
    const text = await this.read(path);
    if (!text.includes(piece)) throw new Error(`${path} has no ${piece}`);
    await this.write(
      path,
      text.replace(piece, () => by),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
