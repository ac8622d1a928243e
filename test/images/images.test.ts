// The image of each service is built from a created project, and run: user, health, shutdown and data.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { until } from "../contract/service.ts";
import { readManifest, root, templateNames } from "../workspaces.ts";
import { findEngine } from "./available.ts";
import type { Container, ContainerEngine, Image, Volume } from "./engine.ts";
import { storedData } from "./stored-data.ts";

/** Milliseconds that a container may take to start on a loaded machine. */
const START_TIMEOUT = 180_000;

const found = await findEngine();
if ("reason" in found) console.warn(`No image is built: ${found.reason}.`);

const services: string[] = [];
for (const name of templateNames()) {
  const { scripts = {} } = await readManifest(join(root, "templates", name));
  if ("start" in scripts) services.push(name);
}

describe.skipIf("reason" in found)("the image", () => {
  let engine: ContainerEngine;
  beforeAll(async () => {
    if ("open" in found) engine = await found.open();
  }, COMMAND_TIMEOUT);

  describe.each(services)("of %s", (name) => {
    const data = storedData[name];
    let directory: string;
    let image: Image;
    beforeAll(async () => {
      directory = await realpath(await mkdtemp(join(tmpdir(), "bunyard-image-")));
      image = await engine.build(await createProject(directory, name));
    }, COMMAND_TIMEOUT);
    afterAll(async () => {
      await image?.[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    }, COMMAND_TIMEOUT);

    async function start(
      volumes: readonly Volume[] = [],
      variables: Readonly<Record<string, string>> = {},
    ): Promise<Container> {
      const environment = { ...data?.environment, ...variables };
      const container = await image.start({ environment, volumes });
      await ready(container);
      return container;
    }

    test(
      "runs as the user bun, and is healthy by its own health check",
      async () => {
        await using container = await start();
        expect(await container.exec(["sh", "-c", 'test "$(id --user --name)" = bun'])).toBe(0);
        const [kind, ...command] = image.config.Healthcheck?.Test ?? [];
        expect(kind).toBe("CMD");
        expect(await container.exec(command)).toBe(0);
      },
      COMMAND_TIMEOUT,
    );

    test(
      "drains on SIGTERM, and exits with 0",
      async () => {
        // It drains for longer than the test takes, however slow the machine is.
        await using draining = await start([], { SHUTDOWN_DELAY_MS: String(COMMAND_TIMEOUT) });
        await draining.terminate();
        await until(
          "readyz says that it drains",
          async () => {
            const response = await fetch(new URL("readyz", draining.url));
            return response.status === 503 && (await response.text()).includes("draining");
          },
          START_TIMEOUT,
        );
        await using container = await start();
        await container.terminate();
        expect(await container.exited(), await container.output()).toBe(0);
      },
      COMMAND_TIMEOUT,
    );

    test(
      "keeps its data in the volumes that it declares",
      async () => {
        const volumes = await image.createVolumes();
        expect(volumes.length > 0, `stored-data.ts: ${name}`).toBe(data !== undefined);
        if (data === undefined) return;
        const text = `kept-${crypto.randomUUID()}`;
        {
          await using first = await start(volumes);
          await data.write(first.url, text);
          await first.terminate();
          expect(await first.exited(), await first.output()).toBe(0);
        }
        await using second = await start(volumes);
        expect(await data.read(second.url)).toContain(text);
      },
      COMMAND_TIMEOUT,
    );
  });
});

/** A project as its user gets it, with the lockfile of its first install. Returns its directory. */
async function createProject(directory: string, template: string): Promise<string> {
  const project = join(directory, `my-${template}`);
  const create = join(root, "tooling", "create", "src", "main.ts");
  const flags = ["--template", template, "--no-git", "--yes"];
  const { exitCode, output } = await bun(directory, create, project, ...flags);
  expect(exitCode, output).toBe(0);
  return project;
}

/** Waits until /readyz answers 200. @throws with the output of the container, if it exits before. */
async function ready(container: Container): Promise<void> {
  const isReady = () =>
    fetch(new URL("readyz", container.url)).then(
      ({ ok }) => ok,
      () => false,
    );
  const answered = until("readyz answers 200", isReady, START_TIMEOUT);
  const exitCode = await Promise.race([answered, container.exited()]);
  if (exitCode === undefined) return;
  const output = await container.output();
  throw new Error(`the container exited with ${exitCode} before it was ready\n${output}`);
}
