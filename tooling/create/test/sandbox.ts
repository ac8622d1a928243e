// A temporary folder outside the repository with small templates, in which the command runs as a real process.
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { version } from "../package.json" with { type: "json" };

const ENTRY = join(import.meta.dir, "entry.ts");

/** The files of the shared package and of create-bunyard that flatten reads. */
const SHARED = {
  "packages/shared/package.json": "{}",
  "packages/shared/files/_biome.json": '{\n  "formatter": { "indentStyle": "space" }\n}\n',
  "packages/shared/files/_gitignore": "node_modules/\n",
  "tooling/create/package.json": JSON.stringify({ version }),
};

/** A template that installs without a network. */
const TINY = {
  "package.json": JSON.stringify({
    name: "tiny",
    version: "0.1.0",
    type: "module",
    scripts: { dev: "bun src/main.ts" },
  }),
  "src/main.ts": 'console.log("tiny");\n',
};

const FEATURES = {
  page: { description: "A page", paths: ["src/page.ts"] },
  uploads: { description: "Files on disk" },
  resize: { description: "Smaller pictures", paths: ["src/resize.ts"], requires: ["uploads"] },
};
/** A template with features that can be left out. */
const MODULAR = {
  "package.json": JSON.stringify({ name: "modular", bunyard: { features: FEATURES } }),
  "src/main.ts": '// #region uploads\nimport "node:fs";\n// #endregion\nconsole.log(1);\n',
  "src/page.ts": "",
  "src/resize.ts": "",
};
/** The files of every project. */
export const COMMON_FILES = [".gitignore", "biome.json", "package.json"];
/** The files of a project from the tiny template. */
export const TINY_FILES = [".gitignore", "biome.json", "package.json", "src/main.ts"];

/** The first line of the published command, on standard error. */
export const BANNER = `create-bunyard ${version} (the newest: bun create bunyard@latest)\n`;

type Env = Record<string, string | undefined>;

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Sandbox implements AsyncDisposable {
  private constructor(
    /** The folder of the package. */
    private readonly published: string,
    /** Where the command runs. Empty. */
    readonly cwd: string,
    private readonly folder: string,
    private readonly base: Env,
  ) {}

  static async open(): Promise<Sandbox> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "create-bunyard-")));
    const published = join(folder, "package");
    const cwd = join(folder, "work");
    await mkdir(cwd);
    await Bun.write(join(folder, "gitconfig"), "[user]\nname = Ann\nemail = ann@example.com\n");
    // The Bun that runs the tests may be on no PATH that lasts, and npm's package names the file bun.exe everywhere.
    const bin = join(folder, "bin");
    await mkdir(bin);
    await symlink(process.execPath, join(bin, process.platform === "win32" ? "bun.exe" : "bun"));
    const box = new Sandbox(published, cwd, folder, {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      HOME: folder,
      BUN_INSTALL_CACHE_DIR: join(folder, "cache"),
      GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
      GIT_CONFIG_NOSYSTEM: "1",
      NO_COLOR: "1",
      TEST_PACKAGE: published,
    });
    await writeFiles(join(published, "repository"), SHARED);
    await box.addTemplate("tiny", TINY);
    await box.addTemplate("modular", MODULAR);
    const features = Object.entries(FEATURES).map(([name, feature]) => ({
      name,
      description: feature.description,
      requires: "requires" in feature ? feature.requires : [],
    }));
    const templates = [
      { name: "tiny", description: "The smallest project", features: [] },
      { name: "large", description: "A great many files", features: [] },
      { name: "modular", description: "A project with features", features },
    ];
    await writeFiles(published, { "templates.json": JSON.stringify(templates) });
    return box;
  }

  /** The command line of a run, for tests that spawn it themselves. */
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

  /** Creates a project from the tiny template without installing. */
  async tiny(...args: readonly string[]): Promise<Run> {
    return this.run([...args, "--template", "tiny", "--no-install"]);
  }

  async addTemplate(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    await writeFiles(join(this.published, "repository/templates", name), files);
  }

  /** Writes files below the working directory. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    await writeFiles(this.cwd, files);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.cwd, path), "utf8");
  }

  /** Every file below a folder of the working directory, without `.git` and `node_modules`, sorted. */
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

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) await Bun.write(join(folder, path), content);
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

/** Waits until a condition holds. The deadline is generous because the machine may be under load. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("The condition never held.");
    await Bun.sleep(2);
  }
}
