// A copy of the project in a temporary folder, so that a test never edits the sources themselves.
import { cp, mkdtemp, realpath, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dir, "..");
const paths = ["src", "package.json", "bunfig.toml", "tsconfig.json", "build.ts", "compile.ts"];

interface CopyOptions {
  /** Milliseconds between two saves of a file; closer saves restart the bundler. */
  readonly intervalMs?: number;
  /** Whether the copy has the page of test/fixtures/ or the project's own. */
  readonly page?: "test" | "own";
}

export class Copy implements AsyncDisposable {
  readonly #savedAt = new Map<string, number>();

  private constructor(
    readonly folder: string,
    readonly intervalMs: number,
  ) {}

  static async make({ intervalMs = 150, page = "test" }: CopyOptions = {}): Promise<Copy> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "hmr-app-copy-")));
    for (const path of paths) {
      await cp(join(project, path), join(folder, path), { recursive: true });
    }
    if (page === "test") {
      await cp(join(import.meta.dir, "fixtures/App.tsx"), join(folder, "src/page/App.tsx"));
    }
    await symlink(join(project, "node_modules"), join(folder, "node_modules"), "junction");
    return new Copy(folder, intervalMs);
  }

  read(path: string): Promise<string> {
    return Bun.file(join(this.folder, path)).text();
  }

  async write(path: string, text: string): Promise<void> {
    await this.#save(path, (file) => Bun.write(file, text));
  }

  /** Like an editor with atomic saves: writes a new file and renames it to the old name. */
  async writeAtomically(path: string, text: string): Promise<void> {
    await this.#save(path, async (file) => {
      await Bun.write(`${file}.tmp~`, text);
      await rename(`${file}.tmp~`, file);
    });
  }

  /** Replaces the first occurrence of `search` in a file. @throws if there is none. */
  async edit(path: string, search: string, replacement: string): Promise<void> {
    const text = await this.read(path);
    if (!text.includes(search)) throw new Error(`${path} has no ${search}`);
    await this.write(
      path,
      text.replace(search, () => replacement),
    );
  }

  async #save(path: string, save: (file: string) => Promise<unknown>): Promise<void> {
    const since = performance.now() - (this.#savedAt.get(path) ?? 0);
    await Bun.sleep(Math.max(0, this.intervalMs - since));
    await save(join(this.folder, path));
    this.#savedAt.set(path, performance.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
