// Packs and unpacks the package, so that the smoke run tests what would be published.
import { join, resolve } from "node:path";
import { pack } from "create-bunyard/pack";
import type { Starter } from "./cells.ts";
import { bun } from "./command.ts";

/** Packs this tree into a tarball in `folder` and returns its path. */
export async function packTree(folder: string, signal: AbortSignal): Promise<string> {
  const built = join(folder, "built");
  const tarball = join(folder, "create-bunyard.tgz");
  const log = join(folder, "pack.log");
  await pack(built);
  try {
    await bun(["pm", "pack", "--filename", tarball], { cwd: built, log, signal });
  } catch (cause) {
    throw new Error(`The package cannot be packed:\n${await Bun.file(log).text()}`, { cause });
  }
  return tarball;
}

export interface Unpacked {
  /** Path of the create command. */
  readonly command: string;
  readonly starters: readonly Starter[];
}

/** Unpacks a tarball of create-bunyard into `folder` and reads its list of starters. @throws if it is not one. */
export async function unpack(tarball: string, folder: string): Promise<Unpacked> {
  try {
    await new Bun.Archive(await Bun.file(resolve(tarball)).bytes()).extract(folder);
    return await read(join(folder, "package"));
  } catch (cause) {
    throw new Error(`${tarball} cannot be read as create-bunyard: ${cause}`, { cause });
  }
}

interface Listed {
  readonly name: string;
  readonly features: readonly { readonly name: string }[];
}

async function read(home: string): Promise<Unpacked> {
  const { bin } = await Bun.file(join(home, "package.json")).json();
  const list: Listed[] = await Bun.file(join(home, "templates.json")).json();
  const starters = list.map(async ({ name, features }) => {
    const manifest = Bun.file(join(home, "repository", "templates", name, "package.json"));
    // A starter that is listed but missing fails its cell `create`; the run continues.
    const { scripts } = (await manifest.exists()) ? await manifest.json() : {};
    const complete = { template: name, service: typeof scripts?.start === "string" };
    return [
      { ...complete, name, without: undefined },
      ...features.map((feature) => ({
        ...complete,
        name: `${name}-without-${feature.name}`,
        without: feature.name,
      })),
    ];
  });
  return {
    command: join(home, bin["create-bunyard"]),
    starters: (await Promise.all(starters)).flat(),
  };
}
