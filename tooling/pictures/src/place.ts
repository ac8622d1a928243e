// A temporary folder with the packed create-bunyard, and the services that are started in it.
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const create = resolve(import.meta.dir, "../../create");

export interface Service extends AsyncDisposable {
  readonly url: string;
}

export class Place implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async open(): Promise<Place> {
    const place = new Place(await realpath(await mkdtemp(join(tmpdir(), "bunyard-pictures-"))));
    await place.run(create, "bun", "run", "build");
    // `bun create bunyard` runs the package that is installed in this folder.
    await Bun.write(join(place.folder, "package.json"), '{ "private": true }\n');
    await place.run(place.folder, "bun", "add", join(create, "dist"));
    return place;
  }

  /** Creates and installs a starter's project. @returns its directory */
  async project(template: string): Promise<string> {
    const flags = ["--template", template, "--no-git", "--force"];
    await this.run(this.folder, "bun", "create", "bunyard", template, ...flags);
    return join(this.folder, template);
  }

  async run(cwd: string, ...command: string[]): Promise<void> {
    const child = Bun.spawn(command, { cwd, stdout: "pipe", stderr: "pipe" });
    const [output, errors, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`${command.join(" ")} exited with ${code}\n${output}${errors}`);
  }

  /** Starts a service. Resolves once it prints its address. */
  async serve(cwd: string, ...command: string[]): Promise<Service> {
    const child = Bun.spawn(command, {
      cwd,
      env: { ...process.env, PORT: "0" },
      stdout: "pipe",
      stderr: "inherit",
    });
    const stop = async () => {
      child.kill();
      await child.exited;
    };
    let printed = "";
    const decoder = new TextDecoder();
    const reader = child.stdout.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      printed += decoder.decode(chunk.value, { stream: true });
      const url = /listening on (https?:\/\/[\d.:]+)\//.exec(Bun.stripANSI(printed))?.[1];
      if (url === undefined) continue;
      reader.releaseLock();
      return { url, [Symbol.asyncDispose]: stop };
    }
    throw new Error(`${command.join(" ")} never listened:\n${printed}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
