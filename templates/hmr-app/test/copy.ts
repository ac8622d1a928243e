// A copy of the project in a temporary folder, so that a test never edits the sources themselves. By default, it has the
// app of test/project/, so that the tests do not depend on the project's pages and features.
import { cp, mkdtemp, readdir, realpath, rename, rm, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dir, "..");
interface CopyOptions {
  /** Milliseconds between two saves of a file, so that each of them is built. */
  readonly intervalMs?: number;
  /** Which app and page the copy has: those of test/project/, or the project's own. */
  readonly app?: "test" | "own";
}

export class Copy implements AsyncDisposable {
  readonly #savedAt = new Map<string, number>();

  private constructor(
    readonly folder: string,
    readonly intervalMs: number,
  ) {}

  static async make({ intervalMs = 150, app = "test" }: CopyOptions = {}): Promise<Copy> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "hmr-app-copy-")));
    const files = new Bun.Glob("*.{json,toml,ts}").scan(project);
    for (const path of ["src", ...(await Array.fromAsync(files))]) {
      await cp(join(project, path), join(folder, path), { recursive: true });
    }
    if (app === "test") {
      await removeOwnApp(folder);
      await cp(join(import.meta.dir, "project"), folder, { recursive: true });
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

  /** Writes to mapped memory, which no watcher notices. `search` and `replacement` must have the same length. */
  async editWithoutEvent(path: string, search: string, replacement: string): Promise<void> {
    const file = join(this.folder, path);
    const bytes = Bun.mmap(file, { shared: true });
    bytes.set(Buffer.from(replacement), Buffer.from(bytes).indexOf(search));
    await utimes(file, new Date(), new Date());
  }

  /** Runs `bun run build`. @throws {Error} with what it has printed, also for a warning. */
  async build(): Promise<void> {
    const command = [process.execPath, "--no-orphans", "run", "--silent", "build"];
    const child = Bun.spawn(command, { cwd: this.folder, stdout: "ignore", stderr: "pipe" });
    const printed = await new Response(child.stderr).text();
    if ((await child.exited) !== 0 || printed !== "") throw new Error(printed);
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

/** Removes everything that a user of the starter would replace. */
async function removeOwnApp(folder: string): Promise<void> {
  const features = await readdir(join(folder, "src/features"));
  // Keeps the types of the files that a component may import.
  const files = (await readdir(join(folder, "src/page"))).filter((name) => !name.endsWith(".d.ts"));
  const paths = [
    ...features.filter((name) => name !== "page").map((name) => `features/${name}`),
    ...files.map((name) => `page/${name}`),
    "shared",
  ];
  for (const path of paths) await rm(join(folder, "src", path), { recursive: true, force: true });
}
