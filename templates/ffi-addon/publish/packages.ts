// The platform packages in dist/prebuilt/, and the published package.json, which lists them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeManifest } from "../scripts/compile.ts";
import { crossCompiler, namePackage, targets } from "../scripts/targets.ts";
import { hashSource, prebuilt, readManifest, root } from "../src/artifacts.ts";
import type { Manifest } from "../src/verify.ts";

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

/**
 * Writes the manifest, which pins the SHA-256 of the libraries in `built`, and of earlier ones if they were built from the
 * same source. It is published with the main package.
 */
export function pinPackages(folder: string, built: Manifest["libraries"]): void {
  let earlier: Manifest | undefined;
  try {
    earlier = readManifest(folder);
  } catch {
    // A damaged manifest pins nothing.
  }
  const kept = earlier?.source === hashSource() ? earlier.libraries : {};
  writeManifest(folder, { ...kept, ...built });
}

/**
 * Returns the platform packages in dist/prebuilt/, and the targets that none was built for.
 * @throws {Error} if a library is missing or damaged, was built from other C code or flags, or for another name or version,
 * or if there are several and one was not compiled by zig for its target.
 */
export function readPackages(): { packages: PlatformPackage[]; missing: string[] } {
  const manifest = prebuilt.manifest();
  const again = "Run `bun run package --all`, or download the packages that the workflow built.";
  if (!manifest) throw new Error(`There is no dist/prebuilt/manifest.json. ${again}`);
  if (manifest.source !== hashSource()) {
    throw new Error(
      `native/, src/c-flags.ts or scripts/compile.ts has changed since dist/prebuilt/ was built. ${again}`,
    );
  }
  const built = Object.entries(manifest.libraries).filter(([target]) => target in targets);
  if (built.length === 0) throw new Error(`dist/prebuilt/ has no package. ${again}`);
  const { name: main, version } = readProject();
  const packages = built.map(([target, library]) => {
    const name = namePackage(main, target);
    if (library.package !== name) {
      throw new Error(`dist/prebuilt/ has ${library.package}, not ${name}. ${again}`);
    }
    const folder = join(root, "dist/prebuilt", name);
    const path = join(folder, library.file);
    if (!existsSync(path) || Bun.SHA256.hash(readFileSync(path), "hex") !== library.sha256) {
      throw new Error(`${path} is missing, or is not the file that was built. ${again}`);
    }
    const found = readProject(folder).version;
    if (found !== version) {
      throw new Error(`dist/prebuilt/${name} is version ${found}, not ${version}. ${again}`);
    }
    // This machine's compiler may have replaced a library of `--all` with one that older systems cannot load.
    const expected = crossCompiler(target);
    if (built.length > 1 && library.compiler !== expected) {
      throw new Error(`${name} was compiled by ${library.compiler}, not by ${expected}. ${again}`);
    }
    return { name, folder };
  });
  const missing = Object.keys(targets).filter((target) => !(target in manifest.libraries));
  return { packages, missing };
}

/** Returns package.json with `packages`, and no other platform packages, in `optionalDependencies`, at the project's version. */
export function listInManifest(packages: readonly PlatformPackage[]): string {
  const { optionalDependencies = {}, ...project } = readProject();
  const own = Object.keys(targets).map((target) => namePackage(project.name, target));
  const others = Object.entries(optionalDependencies).filter(([name]) => !own.includes(name));
  const entries = [...others, ...packages.map(({ name }) => [name, project.version] as const)];
  const published = { ...project, optionalDependencies: Object.fromEntries(entries) };
  return `${JSON.stringify(published, null, 2)}\n`;
}
