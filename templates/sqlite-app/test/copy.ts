// A copy of this project, in which a test builds it.
import { cpSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Folder } from "./folder.ts";
import { BARE } from "./project.ts";

const ROOT = join(import.meta.dir, "..");
/** Dependencies, data, and what a build or git writes. */
const NOT_COPIED = new Set([".env", ".git", "coverage", "data", "dist", "node_modules"]);

export class Copy extends Folder {
  constructor() {
    super();
    for (const name of readdirSync(ROOT)) {
      if (NOT_COPIED.has(name)) continue;
      cpSync(join(ROOT, name), this.join(name), { recursive: true });
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
}
