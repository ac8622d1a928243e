// Updates a project of every starter from the previous version to the new one: a release that breaks this is refused.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.ts";
import { type Packed, serveRegistry } from "./registry.ts";

export interface TemplateDiff {
  readonly template: string;
  /** For `git apply`. */
  readonly patch: string;
}

export interface UpdateCheck {
  /** Why projects cannot be updated; empty if they can. */
  readonly problems: readonly string[];
  readonly diffs: readonly TemplateDiff[];
}

/** @param folder an empty folder outside of every repository */
export async function checkUpdates(
  folder: string,
  previous: Packed,
  next: Packed,
): Promise<UpdateCheck> {
  const server = serveRegistry([previous, next]);
  const place = { folder, registry: server.url.href };
  try {
    const [before, after] = await Promise.all([
      Command.open(place, previous),
      Command.open(place, next),
    ]);
    const [old, now] = await Promise.all([before.templates(), after.templates()]);
    const problems: string[] = [];
    const diffs: TemplateDiff[] = [];
    for (const template of now.filter((name) => old.includes(name))) {
      const project = join(folder, "before", template);
      const fresh = join(folder, "after", template);
      await before.create(project, template);
      await after.create(fresh, template);
      const patch = await after.run(project, "diff");
      if (patch !== "") diffs.push({ template, patch });
      const problem = await after.update(project, fresh);
      if (problem !== undefined) problems.push(`${template}: ${problem}`);
    }
    return { problems, diffs };
  } finally {
    await server.stop(true);
  }
}

interface Place {
  readonly folder: string;
  readonly registry: string;
}

/** The command of one version. */
class Command {
  private constructor(
    private readonly place: Place,
    private readonly entry: string,
  ) {}

  static async open(place: Place, { version, tarball }: Packed): Promise<Command> {
    const folder = join(place.folder, `create-bunyard-${version}`);
    await new Bun.Archive(tarball).extract(folder);
    await Bun.write(join(place.folder, "none.toml"), "");
    return new Command(place, join(folder, "package", "create.js"));
  }

  async run(cwd: string, ...args: readonly string[]): Promise<string> {
    const { folder, registry } = this.place;
    const settings = [`NPM_CONFIG_REGISTRY=${registry}`, `XDG_CACHE_HOME=${join(folder, "cache")}`];
    // A starter's bunfig.toml may preload modules that need its dependencies, which are not installed here.
    const config = `--config=${join(folder, "none.toml")}`;
    return run(cwd, "env", ...settings, process.execPath, config, this.entry, ...args);
  }

  async templates(): Promise<readonly string[]> {
    const list: readonly { name: string }[] = JSON.parse(
      await this.run(this.place.folder, "--list", "--json"),
    );
    return list.map(({ name }) => name);
  }

  async create(directory: string, template: string): Promise<void> {
    const options = ["--template", template, "--name", template, "--no-install", "--no-git"];
    await mkdir(join(directory, ".."), { recursive: true });
    await this.run(this.place.folder, directory, ...options);
  }

  /** Returns why the updated project is not the same as a new one. */
  async update(project: string, fresh: string): Promise<string | undefined> {
    const git = (...args: string[]) => run(project, "git", ...args);
    await git("init", "--quiet");
    await git("add", "--all");
    const identity = [
      "-c",
      "user.name=Bunyard",
      "-c",
      "user.email=bunyard@users.noreply.github.com",
    ];
    await git(...identity, "commit", "--quiet", "--message", "Before the update");
    try {
      await this.run(project, "update", "--no-install");
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const [updated, created] = await Promise.all([filesOf(project), filesOf(fresh)]);
    const paths = [...new Set([...updated.keys(), ...created.keys()])];
    const different = paths.filter((path) => updated.get(path) !== created.get(path));
    return different.length === 0
      ? undefined
      : `after the update, these files differ from a new project: ${different.join(", ")}`;
  }
}

async function filesOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !/^\.git[/\\]/.test(path));
  const read = async (path: string) =>
    [path, await readFile(join(directory, path), "base64")] as const;
  return new Map(await Promise.all(paths.map(read)));
}
