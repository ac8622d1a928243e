// Copies of this project elsewhere, to build, to break and to watch.
import { cpSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathsBelow } from "../build/files.ts";
import { bun, type Outcome } from "./command.ts";
import { Folder } from "./folder.ts";

const HERE = resolve(import.meta.dir, "..");
/** What a clone would not have; what was built comes along only from another copy. */
const NOT_CLONED = ["node_modules", ".git", "dist", ".cache"];

export class Project extends Folder {
  static copy(order: "forwards" | "backwards" = "forwards"): Project {
    const names = readdirSync(HERE).filter((name) => !NOT_CLONED.includes(name));
    const paths = names.flatMap((name) => pathsBelow(join(HERE, name)));
    return new Project().#fill(HERE, order === "forwards" ? paths : paths.toReversed());
  }

  /** A copy of this one, with what it has built. */
  copy(): Project {
    const names = readdirSync(this.path).filter((name) => name !== "node_modules");
    return new Project().#fill(
      this.path,
      names.flatMap((name) => pathsBelow(this.at(name))),
    );
  }

  #fill(from: string, paths: readonly string[]): this {
    for (const path of paths) cpSync(path, this.at(path.slice(from.length)));
    symlinkSync(join(HERE, "node_modules"), this.at("node_modules"), "junction");
    return this;
  }

  build(...options: string[]): Promise<Outcome> {
    return bun(this.path, "run", "build", ...options);
  }

  text(path: string): Promise<string> {
    return Bun.file(this.at(path)).text();
  }

  async edit(path: string, change: (text: string) => string): Promise<void> {
    await Bun.write(this.at(path), change(await this.text(path)));
  }

  /** Every file below a folder, by its path in there. */
  files(folder: string): ReadonlyMap<string, string> {
    const start = this.at(folder).length + 1;
    return new Map(
      pathsBelow(this.at(folder)).map((path) => [path.slice(start), readFileSync(path, "latin1")]),
    );
  }
}
