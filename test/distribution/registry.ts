// A local registry: stores published packages in a temporary folder, and forwards other requests to the configured registry.
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { succeed } from "./program.ts";

/** Its dependencies are not part of the workspace. They are installed on first use. */
const SERVER = join(import.meta.dir, "registry");

export class Registry implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly server: Bun.Subprocess<"pipe", "pipe", "inherit">,
  ) {}

  /** @param publishable names of packages that it accepts, also as patterns like `vectors-*`; others are forwarded. */
  static async open(publishable: readonly string[] = ["create-bunyard"]): Promise<Registry> {
    const install = [process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"];
    await succeed(install, { cwd: SERVER, env: machine() });
    const folder = await realpath(await mkdtemp(join(tmpdir(), "bunyard-registry-")));
    const config = JSON.stringify(configuration(folder, await upstream(folder), publishable));
    const server = Bun.spawn([process.execPath, join(SERVER, "serve.js"), config], {
      cwd: folder,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { value } = await server.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    if (value === undefined) throw new Error("The registry did not start: see its message above.");
    return new Registry(value.trim(), folder, server);
  }

  /** Publishes a tarball. Its manifest has to be next to it. */
  async publish(tarball: string): Promise<void> {
    // The registry accepts every package, but Bun requires a token before it sends one.
    const env = { ...machine(), NPM_CONFIG_REGISTRY: this.url, NPM_CONFIG_TOKEN: "anybody" };
    await succeed([process.execPath, "publish", tarball], { cwd: dirname(tarball), env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.stdin.end();
    await this.server.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function machine(): Record<string, string> {
  const { BUN_CONFIG_REGISTRY: _, ...rest } = process.env;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value ?? ""]));
}

/** The registry that Bun is configured to use. */
async function upstream(folder: string): Promise<string> {
  const cwd = join(folder, "probe");
  await Bun.write(join(cwd, "package.json"), '{ "name": "probe", "version": "0.0.0" }\n');
  const env = { ...process.env, NPM_CONFIG_TOKEN: "unused" } as Record<string, string>;
  const output = await succeed([process.execPath, "publish", "--dry-run"], { cwd, env });
  const url = /^Registry: (\S+)$/m.exec(output)?.[1];
  if (url === undefined) throw new Error(`Bun did not print its registry:\n${output}`);
  return url;
}

function configuration(folder: string, url: string, publishable: readonly string[]): object {
  const own = publishable.map((name) => [name, { access: "$all", publish: "$all" }]);
  return {
    self_path: folder,
    storage: join(folder, "storage"),
    auth: { htpasswd: { file: join(folder, "htpasswd") } },
    uplinks: { upstream: { url, cache: false, timeout: "60s", max_fails: 100 } },
    packages: {
      ...Object.fromEntries(own),
      "**": { access: "$all", proxy: "upstream" },
    },
    log: { type: "stdout", format: "json", level: "fatal" },
  };
}
