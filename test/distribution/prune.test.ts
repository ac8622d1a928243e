// `turbo prune` and the steps of the README's Dockerfile: manifests, install, sources, build.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { missingFor } from "../contract/requirements.ts";
import { templateNames } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { succeed } from "./program.ts";
import { commandsFor, wayOf } from "./readme.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const HEADING = "One workspace in an image";
const clone = await Clone.open();
afterAll(() => clone[Symbol.asyncDispose]());
beforeAll(async () => {
  await clone.bun("install", "--frozen-lockfile");
});

/** The steps of a Dockerfile that change the image. */
function stepsOf(markdown: string): readonly { readonly step: string; readonly rest: string }[] {
  const [, dockerfile = ""] = /^```dockerfile\n(.*?)^```$/ms.exec(markdown) ?? [];
  const steps = [...dockerfile.matchAll(/^(COPY|RUN) (.+)$/gm)];
  return steps.map(([, step = "", rest = ""]) => ({ step, rest }));
}

for (const name of templateNames()) {
  const missing = missingFor(name, "bun run build");
  test.skipIf(missing !== undefined)(
    `${name} builds from what is left${missing === undefined ? "" : ` (${missing})`}`,
    () => buildsFromWhatIsLeft(name),
  );
}

/** Turborepo writes an empty file for each command of a package, so that it can be linked. */
function filesIn(folder: string): string[] {
  const paths = [...new Bun.Glob("**/*").scanSync({ cwd: folder, dot: true })];
  return paths.filter((path) => Bun.file(join(folder, path)).size > 0);
}

async function buildsFromWhatIsLeft(name: string): Promise<void> {
  await rm(join(clone.root, "out"), { recursive: true, force: true });
  for (const command of commandsFor(HEADING, name)) {
    const [program, ...args] = command.split(" ");
    expect(program).toBe("bunx");
    await clone.bun("x", ...args);
  }
  const image = join(clone.place, "images", name);
  await mkdir(image, { recursive: true });
  const steps = stepsOf(wayOf(HEADING, name));
  expect(steps.map(({ step }) => step)).toEqual(["COPY", "RUN", "COPY", "RUN"]);
  const layers: string[][] = [];
  for (const { step, rest } of steps) {
    if (step === "COPY") {
      const [from = "", to = ""] = rest.split(" ");
      await cp(join(clone.root, from), join(image, to), { recursive: true });
      layers.push(filesIn(join(image, "templates", name)));
    } else {
      const [program, ...args] = rest.split(" ");
      expect(program).toBe("bun");
      await succeed([process.execPath, ...args], { cwd: image, env: clone.env });
    }
  }
  // The first layer contains only manifests, so that the install can be cached.
  expect(layers[0]).toEqual(["package.json"]);
  expect(await readdir(join(image, "templates"))).toEqual([name]);
  expect(await readdir(join(image, "templates", name))).toContain("dist");
  expect(await clone.git("status", "--porcelain")).toBe("");
}
