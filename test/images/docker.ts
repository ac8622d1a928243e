// Builds and runs images with Docker.
import { outputOf, runCommand } from "./command.ts";
import type { Container, ContainerEngine, Image, ImageConfig, StartOptions } from "./engine.ts";

/** The port on which every service listens in its container. */
const PORT = 3000;

export const docker: ContainerEngine = {
  async build(directory) {
    const name = `bunyard-test-${crypto.randomUUID()}`;
    await outputOf(["docker", "build", "--tag", name, directory]);
    return await openImage(name);
  },
};

async function openImage(name: string): Promise<Image> {
  const inspected = await outputOf(["docker", "inspect", "--format", "{{json .Config}}", name]);
  const config = JSON.parse(inspected) as ImageConfig;
  const volumes: string[] = [];
  return {
    config,
    createVolumes: async () =>
      await Promise.all(
        Object.keys(config.Volumes ?? {}).map(async (path) => {
          const source = await outputOf(["docker", "volume", "create"]);
          volumes.push(source);
          return { source, path };
        }),
      ),
    start: (options) => startContainer(name, options),
    async [Symbol.asyncDispose]() {
      await outputOf(["docker", "image", "rm", "--force", name]);
      if (volumes.length > 0) await outputOf(["docker", "volume", "rm", "--force", ...volumes]);
    },
  };
}

async function startContainer(
  image: string,
  { environment, volumes }: StartOptions,
): Promise<Container> {
  const id = await outputOf([
    ...["docker", "run", "--detach", "--publish", `127.0.0.1::${PORT}`],
    ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...volumes.flatMap(({ source, path }) => ["--volume", `${source}:${path}`]),
    image,
  ]);
  const published = await outputOf(["docker", "port", id, String(PORT)]);
  return {
    url: new URL(`http://${published.split("\n")[0]}`),
    exec: async (command) => (await runCommand(["docker", "exec", id, ...command])).exitCode,
    terminate: async () => {
      await outputOf(["docker", "kill", "--signal", "TERM", id]);
    },
    exited: async () => Number(await outputOf(["docker", "wait", id])),
    output: async () => {
      const { stdout, stderr } = await runCommand(["docker", "logs", id]);
      return stdout + stderr;
    },
    async [Symbol.asyncDispose]() {
      await outputOf(["docker", "rm", "--force", "--volumes", id]);
    },
  };
}
