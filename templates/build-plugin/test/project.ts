// Copies of this project in temporary folders, for tests that build and edit them.
import { cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { bun, type Outcome } from "./command.ts";
import { Folder } from "./folder.ts";

const HERE = resolve(import.meta.dir, "..");
/** Not copied: the history, and what commands generate. `node_modules` is linked instead. */
const NOT_COPIED = ["node_modules", ".git", "dist", ".cache"];
// #region site
/** The site of the copies, so that the tests do not depend on your own site. */
const FIXTURE = "test/fixture";
/** Budgets that the site of the copies satisfies. */
const BUDGETS = { "site/**/*.js": "12 kB", "site/**/*.css": "4 kB", "library/**/*.js": "30 kB" };
const EMPTY_LOCKFILE = '{ "lockfileVersion": 1, "workspaces": { "": {} }, "packages": {} }\n';
// #endregion

export class Project extends Folder {
  static async copy(order: "forwards" | "backwards" = "forwards"): Promise<Project> {
    const names = readdirSync(HERE).filter((name) => !NOT_COPIED.includes(name));
    const copies = names
      .flatMap((name) => pathsIn(HERE, name))
      // #region site
      .filter((path) => !/^(site|test\/fixture)\//.test(path))
      // #endregion
      .map((path): [from: string, to: string] => [path, path]);
    // #region site
    const site = pathsIn(join(HERE, FIXTURE), "site");
    copies.push(...site.map((path): [string, string] => [join(FIXTURE, path), path]));
    // #endregion
    const project = new Project().#fill(HERE, order === "forwards" ? copies : copies.toReversed());
    // #region site
    // A project that is part of a workspace has no lockfile of its own.
    await project.edit("bun.lock", (text) => text || EMPTY_LOCKFILE);
    await project.edit("package.json", (text) =>
      JSON.stringify({ ...JSON.parse(text), budgets: BUDGETS }, null, 2),
    );
    // #endregion
    return project;
  }

  /** Copies this copy, including its build output. */
  copy(): Project {
    const names = readdirSync(this.path).filter((name) => name !== "node_modules");
    const paths = names.flatMap((name) => pathsIn(this.path, name));
    return new Project().#fill(
      this.path,
      paths.map((path) => [path, path]),
    );
  }

  #fill(folder: string, copies: readonly (readonly [from: string, to: string])[]): this {
    for (const [from, to] of copies) cpSync(join(folder, from), this.at(to));
    symlinkSync(join(HERE, "node_modules"), this.at("node_modules"), "junction");
    return this;
  }

  build(...options: string[]): Promise<Outcome> {
    return bun(this.path, "run", "build", ...options);
  }

  text(path: string): Promise<string> {
    return Bun.file(this.at(path)).text();
  }

  /** Changes the text of a file. A missing file counts as empty. */
  async edit(path: string, change: (text: string) => string): Promise<void> {
    const text = existsSync(this.at(path)) ? await this.text(path) : "";
    await Bun.write(this.at(path), change(text));
  }

  /** Returns every file below a folder as Latin-1, by its path relative to the folder. */
  files(folder: string): ReadonlyMap<string, string> {
    const paths = pathsIn(this.at(folder), ".");
    return new Map(
      paths.map((path) => [path, readFileSync(this.at(join(folder, path)), "latin1")]),
    );
  }
}

/** Returns the sorted paths, relative to a folder, of a file in it or of all files below a subfolder. */
function pathsIn(folder: string, name: string): string[] {
  const path = join(folder, name);
  if (statSync(path).isFile()) return [name];
  return [...new Bun.Glob("**/*").scanSync({ cwd: path, dot: true })]
    .map((inner) => join(name, inner).replaceAll("\\", "/"))
    .toSorted();
}
