// Copies of this project elsewhere, to build, to break and to watch. Their site is the one in fixture/, so that the tests
// pass whatever your own site looks like.
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathsBelow } from "../build/files.ts";
import { bun, type Outcome } from "./command.ts";
import { Folder } from "./folder.ts";

const HERE = resolve(import.meta.dir, "..");
/** What a clone would not have; what was built comes along only from another copy. */
const NOT_CLONED = ["node_modules", ".git", "dist", ".cache"];
const FIXTURE = join(import.meta.dir, "fixture");
/** Budgets that the site in fixture/ keeps. */
const BUDGETS = { "site/**/*.js": "12 kB", "site/**/*.css": "4 kB", "library/**/*.js": "16 kB" };

export class Project extends Folder {
  static copy(order: "forwards" | "backwards" = "forwards"): Project {
    const names = readdirSync(HERE).filter((name) => ![...NOT_CLONED, "site"].includes(name));
    const own = names.flatMap((name) => pathsBelow(join(HERE, name)));
    const copies = [
      ...own.filter((path) => !path.startsWith(FIXTURE)).map((path) => [HERE, path] as const),
      ...pathsBelow(FIXTURE).map((path) => [FIXTURE, path] as const),
    ];
    const project = new Project().#fill(order === "forwards" ? copies : copies.toReversed());
    const manifest = JSON.parse(readFileSync(project.at("package.json"), "utf8"));
    const budgeted = { ...manifest, budgets: BUDGETS };
    writeFileSync(project.at("package.json"), JSON.stringify(budgeted, null, 2));
    return project;
  }

  /** A copy of this one, with what it has built. */
  copy(): Project {
    const names = readdirSync(this.path).filter((name) => name !== "node_modules");
    const paths = names.flatMap((name) => pathsBelow(this.at(name)));
    return new Project().#fill(paths.map((path) => [this.path, path]));
  }

  /** @param copies each file, after the folder that its path in the copy is relative to */
  #fill(copies: readonly (readonly [from: string, path: string])[]): this {
    for (const [from, path] of copies) cpSync(path, this.at(path.slice(from.length)));
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
