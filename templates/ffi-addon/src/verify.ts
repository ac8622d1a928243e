// Finds the built C library of this platform, and verifies that it is the file that was built from the current C code and flags.
import { existsSync, readFileSync } from "node:fs";
import { hashSource } from "./artifacts.ts";
import { onDisk } from "./embedded.ts";
import { AddonError } from "./errors.ts";

/** Like `linux-x64`, `linux-x64-musl`, `darwin-arm64` or `win32-x64`. */
export const platform = `${process.platform}-${process.arch}${usesMusl() ? "-musl" : ""}`;

interface LibraryEntry {
  /** The package that contains the library, if this one does not. */
  readonly package?: string;
  /** What compiled it, if it is in a package. */
  readonly compiler?: string;
  readonly file: string;
  readonly sha256: string;
}

/** Written by the build: the library of each platform, and the hash of the C code and flags that they were built from. */
export interface Manifest {
  readonly source: string;
  readonly libraries: Readonly<Record<string, LibraryEntry>>;
}

/** A folder with built libraries. */
export interface LibraryFolder {
  /** The message if there is no manifest. */
  readonly absent: string;
  manifest(): Manifest | undefined;
  path(platform: string, library: LibraryEntry): string | undefined;
}

/**
 * Returns the path of this platform's library.
 * @throws {AddonError} `backend_unavailable`, with the reason.
 */
export function findLibrary(folder: LibraryFolder): string {
  const manifest = folder.manifest();
  if (!manifest) throw unavailableError(folder.absent);
  if (manifest.source !== hashSource()) {
    throw unavailableError(
      "native/, src/c-flags.ts or scripts/compile.ts has changed since the library was built: build it again",
    );
  }
  const library = manifest.libraries[platform];
  if (!library) throw unavailableError(`there is no library for ${platform}`);
  const path = folder.path(platform, library);
  if (path === undefined) {
    const missing = library.package ? `the package ${library.package}` : library.file;
    throw unavailableError(`${missing} is not installed, or was not when this program was bundled`);
  }
  if (!existsSync(path)) throw unavailableError(`${path} is missing`);
  const bytes = readFileSync(path);
  const found = Bun.SHA256.hash(bytes, "hex");
  if (found === library.sha256) return onDisk(path, bytes);
  throw unavailableError(`${path} is not the file that was built: its SHA-256 is ${found}`);
}

function usesMusl(): boolean {
  if (process.platform !== "linux") return false;
  try {
    return readFileSync("/proc/self/maps", "latin1").includes("/ld-musl-");
  } catch {
    return false; // without /proc
  }
}

const unavailableError = (reason: string): AddonError =>
  new AddonError("backend_unavailable", reason);
