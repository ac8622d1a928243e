// The platform packages in dist/prebuilt/, and the entries for them in package.json.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeManifest } from "../scripts/compile.ts";
import { namePackage, targets } from "../scripts/targets.ts";
import { hashSource, prebuilt, root } from "../src/artifacts.ts";
import type { Manifest } from "../src/library.ts";
import { sha256 } from "../src/sha256.ts";

interface Project {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: unknown;
  readonly private?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface PlatformPackage {
  readonly name: string;
  readonly folder: string;
}

export const readProject = (folder: string = root): Project =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Writes the manifest, which pins the SHA-256 of every library in `folder`. It is published with the main package. */
export function pinPackages(folder: string): void {
  const libraries: Record<string, Manifest["libraries"][string]> = {};
  for (const target of Object.keys(targets)) {
    const name = namePackage(readProject().name, target);
    const file = ["addon.so", "addon.dylib", "addon.dll"].find((candidate) =>
      existsSync(join(folder, name, candidate)),
    );
    if (file === undefined) continue;
    const hash = sha256(readFileSync(join(folder, name, file)));
    libraries[target] = { package: name, file, sha256: hash };
  }
  writeManifest(folder, libraries);
}

/**
 * Returns the platform packages in dist/prebuilt/, and the targets that none was built for.
 * @throws {Error} if a library is missing, or was built from other C code or for another version.
 */
export function readPackages(): { packages: PlatformPackage[]; missing: string[] } {
  const manifest = prebuilt.manifest();
  const again = "Run `bun run package --all`, or download the packages that the workflow built.";
  if (!manifest) throw new Error(`There is no dist/prebuilt/manifest.json. ${again}`);
  if (manifest.source !== hashSource()) {
    throw new Error(`native/ has changed since dist/prebuilt/ was built. ${again}`);
  }
  const built = Object.keys(targets).filter((target) => target in manifest.libraries);
  if (built.length === 0) throw new Error(`dist/prebuilt/ has no package. ${again}`);
  const { name: main, version } = readProject();
  const packages = built.map((target) => {
    const name = namePackage(main, target);
    const folder = join(root, "dist/prebuilt", name);
    const found = readProject(folder).version;
    if (found === version) return { name, folder };
    throw new Error(`dist/prebuilt/${name} is version ${found}, not ${version}. ${again}`);
  });
  return { packages, missing: Object.keys(targets).filter((target) => !built.includes(target)) };
}

/** Replaces the platform packages under `optionalDependencies` in package.json: `names`, at the project's version. */
export function writeOptionalDependencies(names: readonly string[]): void {
  const { optionalDependencies = {}, ...project } = readProject();
  const own = Object.keys(targets).map((target) => namePackage(project.name, target));
  const others = Object.entries(optionalDependencies).filter(([name]) => !own.includes(name));
  const entries = [...others, ...names.map((name) => [name, project.version] as const)];
  const optional =
    entries.length > 0 ? { optionalDependencies: Object.fromEntries(entries) } : undefined;
  const text = JSON.stringify({ ...project, ...optional }, null, 2);
  writeFileSync(join(root, "package.json"), `${text}\n`);
}
