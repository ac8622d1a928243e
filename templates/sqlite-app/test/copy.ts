// A copy of this project, in which tests build it and follow the recipes of the README.
import { expect } from "bun:test";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Folder } from "./folder.ts";
import { BARE } from "./project.ts";

const ROOT = join(import.meta.dir, "..");
/** Dependencies, data, and what a build or git writes. */
const NOT_COPIED = new Set([".env", ".git", "coverage", "data", "dist", "node_modules"]);

export class Copy extends Folder {
  /** @param source the project to copy. */
  constructor(source = ROOT) {
    super();
    for (const name of readdirSync(source)) {
      if (NOT_COPIED.has(name)) continue;
      cpSync(join(source, name), this.join(name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), this.join("node_modules"));
  }

  async run(command: string): Promise<void> {
    const child = Bun.spawn(["sh", "-euc", command], {
      cwd: this.path,
      env: { ...BARE, HOME: this.path },
      stdout: "pipe",
      stderr: "pipe",
    });
    const output = (await child.stdout.text()) + (await child.stderr.text());
    if ((await child.exited) !== 0) throw new Error(`${command}: ${output}`);
  }

  /** Follows one code block: runs its commands, writes the file that its first comment names, or applies its diff. */
  async follow({ language, text }: { language: string; text: string }): Promise<void> {
    const named = /^(?:\/\/|--|#) ([\w./*-]+\.\w+)/.exec(text)?.[1];
    if (language === "diff") this.#change(text);
    else if (named !== undefined) this.#write(named, text);
    else if (language === "sh") await this.run(text);
  }

  #write(pattern: string, text: string): void {
    const [existing] = new Bun.Glob(pattern).scanSync(this.path);
    const path = this.join(existing ?? pattern);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Inserts each run of added lines before the line that follows it. */
  #change(diff: string): void {
    const path = this.join(/^\+\+\+ b\/(.*)$/m.exec(diff)?.[1] ?? "");
    let source = readFileSync(path, "utf8");
    for (const [, added = "", next = ""] of diff.matchAll(/^((?:\+(?!\+\+).*\n)+) (.*)$/gm)) {
      expect(source).toContain(next);
      source = source.replace(next, `${added.replaceAll(/^\+/gm, "")}${next}`);
    }
    writeFileSync(path, source);
  }
}
