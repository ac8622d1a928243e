// A copy of the repository's working tree in a temporary folder, committed as one commit.
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareEnvironment } from "../contract/command.ts";
import { repositoryFiles, root } from "../workspaces.ts";
import { succeed } from "./program.ts";

const GIT_CONFIG = "[user]\nname = Ann\nemail = ann@example.com\n[core]\nautocrlf = false\n";

export class Clone implements AsyncDisposable {
  private constructor(
    /** The temporary folder, outside the repository. */
    readonly place: string,
    /** The clone, which is in it. */
    readonly root: string,
    /** The variables of a user who has configured git. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(): Promise<Clone> {
    const place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-ways-")));
    const clone = join(place, "bunyard");
    const config = join(place, "gitconfig");
    await Bun.write(config, GIT_CONFIG);
    for (const file of await repositoryFiles()) await cp(join(root, file), join(clone, file));
    const env = { ...bareEnvironment(), GIT_CONFIG_GLOBAL: config, GIT_CONFIG_NOSYSTEM: "1" };
    const opened = new Clone(place, clone, env);
    await opened.git("init", "--quiet", "--initial-branch=main");
    await opened.commit();
    return opened;
  }

  /** Runs git, and resolves to its standard output. */
  async git(...args: readonly string[]): Promise<string> {
    return (await succeed(["git", ...args], { cwd: this.root, env: this.env })).trim();
  }

  /** Commits all changes. */
  async commit(): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--message=All");
  }

  /** Runs Bun at the clone's root. */
  bun(...args: readonly string[]): Promise<string> {
    return succeed([process.execPath, ...args], { cwd: this.root, env: this.env });
  }

  /** Creates a project without installing or committing, to compare other projects with. */
  async create(template: string, name: string): Promise<string> {
    const directory = join(this.place, "created", template);
    const entry = join(this.root, "tooling", "create", "src", "main.ts");
    const options = ["--template", template, "--name", name, "--no-install", "--no-git"];
    await this.bun(entry, directory, ...options);
    return directory;
  }

  /** Creates a bare repository with all branches, as on a server. @returns its URL */
  async publish(): Promise<string> {
    const bare = join(this.place, "bunyard.git");
    await rm(bare, { recursive: true, force: true });
    await this.git("clone", "--quiet", "--bare", this.root, bare);
    await this.git("-C", bare, "config", "uploadpack.allowFilter", "true");
    return Bun.pathToFileURL(bare).href;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.place, { recursive: true, force: true });
  }
}
