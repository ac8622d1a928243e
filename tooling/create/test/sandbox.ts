// A temporary folder outside the repository, with templates without dependencies, and the command as a real process in it.
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../package.json" with { type: "json" };

const ENTRY = join(import.meta.dir, "entry.ts");

/** A project that installs without a network. */
const TINY = {
  "_biome.json": '{\n  "formatter": { "indentStyle": "space" }\n}\n',
  _gitignore: "node_modules/\n",
  "package.json": JSON.stringify({
    name: "tiny",
    version: "0.1.0",
    type: "module",
    scripts: { dev: "bun src/main.ts" },
    bunyard: { template: "tiny", version: "0.0.0" },
  }),
  "src/main.ts": 'console.log("tiny");\n',
};
/** Its files as a project has them. */
export const TINY_FILES = [".gitignore", "biome.json", "package.json", "src/main.ts"];

/** What the published command says first, on standard error. */
export const BANNER = `create-bunyard ${version} (the newest: bun create bunyard@latest)\n`;

type Env = Record<string, string | undefined>;

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Sandbox implements AsyncDisposable {
  private constructor(
    /** The folder of the templates; a test may add some. */
    readonly templates: string,
    /** Where the command runs. Empty. */
    readonly cwd: string,
    private readonly folder: string,
    private readonly base: Env,
  ) {}

  static async open(): Promise<Sandbox> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-")));
    const templates = join(folder, "templates");
    const cwd = join(folder, "work");
    await mkdir(cwd);
    await Bun.write(join(folder, "gitconfig"), "[user]\nname = Ann\nemail = ann@example.com\n");
    const box = new Sandbox(templates, cwd, folder, {
      ...process.env,
      HOME: folder,
      BUN_INSTALL_CACHE_DIR: join(folder, "cache"),
      GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
      GIT_CONFIG_NOSYSTEM: "1",
      NO_COLOR: "1",
      TEST_TEMPLATES: templates,
    });
    await box.addTemplate("tiny", TINY);
    await box.write({
      "../templates/list.json": JSON.stringify([
        { name: "tiny", title: "Tiny", description: "The smallest project", ships: ["a file"] },
        { name: "large", title: "Large", description: "A great many files", ships: [] },
      ]),
    });
    return box;
  }

  /** The command line of a run, to be spawned in another way than `run` does it. */
  command(...args: readonly string[]): string[] {
    return [process.execPath, ENTRY, ...args];
  }

  env(changes: Env = {}): Env {
    return { ...this.base, ...changes };
  }

  spawn(args: readonly string[], { cwd = this.cwd, env = {} }: { cwd?: string; env?: Env } = {}) {
    return Bun.spawn(this.command(...args), {
      cwd,
      env: this.env(env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async run(args: readonly string[], options?: { cwd?: string; env?: Env }): Promise<Run> {
    return ended(this.spawn(args, options));
  }

  /** Creates from the tiny template without installing; `args` follow. */
  async tiny(...args: readonly string[]): Promise<Run> {
    return this.run([...args, "--template", "tiny", "--no-install"]);
  }

  async addTemplate(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await Bun.write(join(this.templates, name, path), content);
    }
  }

  /** Writes files below the working directory. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await Bun.write(join(this.cwd, path), content);
    }
  }

  read(path: string): Promise<string> {
    return readFile(join(this.cwd, path), "utf8");
  }

  /** Everything below a folder of the working directory but what is inside `.git` and `node_modules`, sorted. */
  async tree(path = "."): Promise<string[]> {
    const root = join(this.cwd, path);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .map((file) => file.replaceAll("\\", "/"))
      .filter((file) => !/(^|\/)(\.git|node_modules)\//.test(file))
      .sort();
  }

  /** The names in a folder of the working directory, hidden ones too. */
  async list(path = "."): Promise<string[]> {
    return (await readdir(join(this.cwd, path))).sort();
  }

  async git(cwd: string, ...args: readonly string[]): Promise<string> {
    const git = Bun.spawn(["git", ...args], {
      cwd: join(this.cwd, cwd),
      env: this.env(),
      stdout: "pipe",
      stderr: "pipe",
    });
    const { code, stdout, stderr } = await ended(git);
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function ended(
  child: Bun.Subprocess<"ignore", "pipe", "pipe"> | Bun.Subprocess<null, "pipe", "pipe">,
): Promise<Run> {
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Waits until a condition holds; the deadline is generous, for a machine under load. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("The condition never held.");
    await Bun.sleep(2);
  }
}
