// Builds and runs images with buildah, where no Docker engine runs. Needs root, but no daemon and no OCI runtime.
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBaseImage } from "./base-image.ts";
import { outputOf, runCommand } from "./command.ts";
import type {
  Container,
  ContainerEngine,
  Image,
  ImageConfig,
  StartOptions,
  Volume,
} from "./engine.ts";
import { findDescendant } from "./process-tree.ts";
import { registrySettings } from "./registry-settings.ts";

/** Images outlive a run here, so that the base image is made once per machine. buildah locks it between processes. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "bunyard", "images");
const isolation = ["--isolation", "chroot"];

/** A separate image store, so that the stand-in for `oven/bun` does not appear among the user's images. */
const buildah = (...args: readonly string[]): readonly string[] => [
  ...["buildah", "--root", join(cache, "store"), "--runroot", "/run/bunyard-images"],
  ...args,
];

/** Why buildah cannot be used on this machine; undefined if it can. */
export function whyNoBuildah(): string | undefined {
  const missing = ["buildah", "debootstrap"].filter((program) => Bun.which(program) === null);
  if (missing.length > 0) return `there is no ${missing.join(" and no ")}`;
  return process.getuid?.() === 0 ? undefined : "buildah and debootstrap need root";
}

export async function openBuildah(): Promise<ContainerEngine> {
  await ensureBaseImage({ cache, buildah });
  return { build };
}

async function build(directory: string): Promise<Image> {
  const name = `localhost/bunyard-test-${crypto.randomUUID()}`;
  await using settings = await registrySettings();
  // The OCI format has no HEALTHCHECK.
  const options = [...isolation, "--format", "docker", "--pull-never", "--no-cache", "--force-rm"];
  const mounts = settings.mounts.flatMap((mount) => ["--volume", mount]);
  await outputOf(buildah("build", ...options, ...mounts, "--tag", name, directory));
  return await openImage(name);
}

async function openImage(name: string): Promise<Image> {
  const inspected = JSON.parse(await outputOf(buildah("inspect", "--type", "image", name)));
  const config = inspected.Docker.config as ImageConfig;
  const directories: string[] = [];
  return {
    config,
    createVolumes: () =>
      Promise.all(
        Object.keys(config.Volumes ?? {}).map(async (path): Promise<Volume> => {
          const directory = await mkdtemp(join(tmpdir(), "bunyard-volume-"));
          directories.push(directory);
          return { source: await copyFromImage(name, path, directory), path };
        }),
      ),
    start: (options) => startContainer(name, config, options),
    async [Symbol.asyncDispose]() {
      await outputOf(buildah("rmi", "--force", name));
      await Promise.all(directories.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** Copies `path` of an image into `directory`, with its owner, and returns where the copy is. */
async function copyFromImage(image: string, path: string, directory: string): Promise<string> {
  const id = await outputOf(buildah("from", "--pull-never", image));
  const mounted = await outputOf(buildah("mount", id));
  const copy = join(directory, "volume");
  await outputOf(["cp", "--archive", join(mounted, path), copy]);
  await outputOf(buildah("rm", id));
  return copy;
}

async function startContainer(
  image: string,
  { Cmd }: ImageConfig,
  { environment, volumes }: StartOptions,
): Promise<Container> {
  const id = await outputOf(buildah("from", "--pull-never", image));
  // The chroot isolation shares the network of the host, so the container's own port could be taken.
  const port = freePort();
  const variables = Object.entries({ ...environment, PORT: String(port) });
  const run = (command: readonly string[]) =>
    buildah(
      ...["run", ...isolation],
      ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...volumes.flatMap(({ source, path }) => ["--volume", `${source}:${path}`]),
      ...[id, "--", ...command],
    );
  const child = Bun.spawn([...run(Cmd)], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const output = Promise.all([child.stdout.text(), child.stderr.text()]);
  // buildah does not forward signals to the command, which runs below helpers called `buildah-chroot-…`.
  const signal = async (name: NodeJS.Signals) => {
    const pid = await findDescendant(child.pid, (line) => !line.startsWith("buildah"));
    if (pid !== undefined) process.kill(pid, name);
  };
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    exec: async (command) => (await runCommand(run(command))).exitCode,
    terminate: () => signal("SIGTERM"),
    exited: () => child.exited,
    output: async () => (await output).join(""),
    async [Symbol.asyncDispose]() {
      await signal("SIGKILL");
      await child.exited;
      await outputOf(buildah("rm", id));
    },
  };
}

/** A TCP port that nothing listened on a moment ago. */
function freePort(): number {
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return server.port;
}
