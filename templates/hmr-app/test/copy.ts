// A copy of the project in a temporary folder: what a test edits is never the source itself.
import { cp, mkdtemp, realpath, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dir, "..");
const parts = ["src", "package.json", "bunfig.toml", "tsconfig.json", "build.ts", "compile.ts"];

export class Copy implements AsyncDisposable {
  readonly #saved = new Map<string, number>();

  private constructor(
    readonly folder: string,
    readonly apartMs: number,
  ) {}

  /** @param apartMs Milliseconds between two saves of a file. Closer ones make the page start anew. */
  static async make(apartMs = 150): Promise<Copy> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "hmr-app-copy-")));
    for (const part of parts) {
      await cp(join(project, part), join(folder, part), { recursive: true });
    }
    await symlink(join(project, "node_modules"), join(folder, "node_modules"), "junction");
    return new Copy(folder, apartMs);
  }

  read(path: string): Promise<string> {
    return Bun.file(join(this.folder, path)).text();
  }

  async write(path: string, text: string): Promise<void> {
    await this.#save(path, (file) => Bun.write(file, text));
  }

  /** As editors save that never leave half a file: a new file takes the name of the old one. */
  async writeAtomically(path: string, text: string): Promise<void> {
    await this.#save(path, async (file) => {
      await Bun.write(`${file}.tmp~`, text);
      await rename(`${file}.tmp~`, file);
    });
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

  async #save(path: string, save: (file: string) => Promise<unknown>): Promise<void> {
    const since = performance.now() - (this.#saved.get(path) ?? 0);
    await Bun.sleep(Math.max(0, this.apartMs - since));
    await save(join(this.folder, path));
    this.#saved.set(path, performance.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
