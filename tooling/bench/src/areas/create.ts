// create-bunyard as it is published, against the other ways to start a project.
import { mkdtemp, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Area, Contestant } from "../area.ts";
import { runCommand, timeCommand } from "../command.ts";
import { PEERS } from "../peers.ts";
import type { Run } from "../run.ts";

const CREATE = join(import.meta.dir, "../../../create");
const SAMPLES = 15;
/** For the commits, so that the machine's own git configuration plays no part. */
const IDENTITY = {
  GIT_AUTHOR_NAME: "Bench",
  GIT_AUTHOR_EMAIL: "bench@example.com",
  GIT_COMMITTER_NAME: "Bench",
  GIT_COMMITTER_EMAIL: "bench@example.com",
};

/** Packs create-bunyard, and unpacks the tarball as a package manager does. */
async function prepare({ folder }: Run): Promise<void> {
  await runCommand(["bun", "run", "build"], { cwd: CREATE });
  const pack = ["bun", "pm", "pack", "--quiet", "--filename", join(folder, "create.tgz")];
  await runCommand(pack, { cwd: join(CREATE, "dist") });
  await runCommand(["tar", "-xzf", "create.tgz"], { cwd: folder });
}

/** The command that creates `directory` with the unpacked program. */
async function command({ folder }: Run, directory: string): Promise<readonly string[]> {
  const { bin } = await Bun.file(join(folder, "package/package.json")).json();
  const program = join(folder, "package", bin["create-bunyard"]);
  return ["bun", program, directory, "--template", "http-sse"];
}

/**
 * Times `command` in the folder, again and again. What it creates in `project` is renamed, not removed: ext4 does not reuse
 * inodes that were deleted within the last seconds, and searches past them for each new file, which no user waits for.
 */
function creating(folder: string, command: readonly string[]) {
  return async () => {
    const ms = await timeCommand(command, { cwd: folder, env: IDENTITY });
    await rename(join(folder, "project"), join(folder, crypto.randomUUID()));
    return ms;
  };
}

function createBunyard(...flags: readonly string[]): Contestant {
  return async (run) => {
    const folder = await mkdtemp(join(run.folder, "bunyard-"));
    return creating(folder, [...(await command(run, "project")), ...flags]);
  };
}

/** Leaves out every feature of the starter, which is the most work. */
const withoutFeatures: Contestant = async (run) => {
  const list: readonly { readonly name: string; readonly features: readonly { name: string }[] }[] =
    await Bun.file(join(run.folder, "package/templates.json")).json();
  const features = list.find(({ name }) => name === "http-sse")?.features ?? [];
  const names = features.map(({ name }) => name).join(",");
  const flags = names === "" ? [] : ["--without", names];
  return createBunyard(...flags, "--no-install", "--no-git")(run);
};

/** Bun's own copying of a folder: here, of what create-bunyard would write. */
function bunCreate(...flags: readonly string[]): Contestant {
  return async (run) => {
    const folder = await mkdtemp(join(run.folder, "bun-create-"));
    const files = [...(await command(run, "template")), "--no-install", "--no-git"];
    await runCommand(files, { cwd: folder });
    return creating(folder, ["bun", "create", join(folder, "template"), "project", ...flags]);
  };
}

const createVite: Contestant = async (run) => {
  const folder = await mkdtemp(join(run.folder, "create-vite-"));
  const program = join(PEERS, "node_modules/create-vite/index.js");
  return creating(folder, ["node", program, "project", "--template", "vanilla-ts"]);
};

const bunInit: Contestant = async (run) => {
  const folder = await mkdtemp(join(run.folder, "bun-init-"));
  return creating(folder, ["bun", "init", "--yes", "project"]);
};

export const area: Area = {
  description: "Creating a project from the packed tarball: whole-process time",
  peers: ["create-vite"],
  benches: {
    files: {
      unit: "ms",
      rounds: SAMPLES,
      prepare,
      contestants: {
        "create-bunyard": createBunyard("--no-install", "--no-git"),
        "create-bunyard --without": withoutFeatures,
        "create-vite": createVite,
        "bun create (a copy)": bunCreate("--no-install", "--no-git"),
      },
    },
    git: {
      unit: "ms",
      rounds: SAMPLES,
      prepare,
      contestants: {
        "create-bunyard": createBunyard("--no-install"),
        "bun create (a copy)": bunCreate("--no-install"),
      },
    },
    install: {
      unit: "ms",
      rounds: SAMPLES,
      prepare,
      contestants: {
        "create-bunyard": createBunyard(),
        "bun create (a copy)": bunCreate(),
        "bun init (no git)": bunInit,
      },
    },
  },
  figures: [
    { bench: "files", of: "create-bunyard", atMost: 40 },
    { bench: "files", of: "create-bunyard --without", atMost: 40 },
    { bench: "files", of: "create-bunyard", over: "create-vite", atMost: 0.3 },
    { bench: "install", of: "create-bunyard", atMost: 500 },
  ],
};
