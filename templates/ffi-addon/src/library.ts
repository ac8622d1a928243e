// Finds a built library and checks it before it is opened: the code in it must be the code in native/.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AddonError } from "./errors.ts";

export const root = dirname(import.meta.dir);
export const platform = `${process.platform}-${process.arch}`;

/** The files that the library is made of, in a fixed order. */
export const sources = [
  "addon.c",
  "addon.h",
  "basics.c",
  "dot.h",
  "kernels.c",
  "kernels.h",
  "libc.h",
  "search.c",
  "vindex.c",
  "vindex.h",
] as const;

/** Written by the build: which library belongs to which platform, and what it was made from. */
export interface Manifest {
  readonly source: string;
  readonly libraries: Readonly<
    Record<string, { readonly package?: string; readonly file: string; readonly sha256: string }>
  >;
}

export function sha256(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

export function sourceHash(): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const file of sources) {
    hasher
      .update(`${file}\0`)
      .update(read(join(root, "native", file), `native/${file} is missing`))
      .update("\0");
  }
  return hasher.digest("hex");
}

/**
 * The library of this platform in `folder`, or in the package that the manifest there names.
 * @throws {AddonError} `backend_unavailable`, with the reason.
 */
export function findLibrary(folder: string, command: string): string {
  const manifest = readManifest(join(folder, "manifest.json"), command);
  if (manifest.source !== sourceHash()) {
    throw unavailable(`native/ has changed since it was built: run \`${command}\``);
  }
  const library = manifest.libraries[platform];
  if (!library) throw unavailable(`there is none for ${platform}: run \`${command}\``);
  const path = locate(folder, library);
  const found = sha256(read(path, `it is missing: run \`${command}\``));
  if (found !== library.sha256) {
    throw unavailable(`${path} is not the file that was built: its SHA-256 is ${found}`);
  }
  return path;
}

/** Packages are looked up in node_modules, then in the folder itself, where `bun run pack` puts them. */
function locate(folder: string, library: { package?: string; file: string }): string {
  if (library.package === undefined) return join(folder, library.file);
  try {
    return Bun.resolveSync(`${library.package}/${library.file}`, root);
  } catch {
    return join(folder, library.package, library.file);
  }
}

function readManifest(path: string, command: string): Manifest {
  const text = read(path, `not built yet: run \`${command}\``).toString();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unavailable(`${path} is damaged: run \`${command}\``, cause);
  }
}

function read(path: string, missing: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unavailable(missing, cause);
  }
}

function unavailable(reason: string, cause?: unknown): AddonError {
  return new AddonError("backend_unavailable", reason, { cause });
}
