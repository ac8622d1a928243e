// Fetches a version of create-bunyard from the user's registry, and keeps it in the cache directory.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { Environment } from "../command/environment.ts";
import { ancestors } from "../command/workspace.ts";
import { CreateError, systemCode } from "../errors.ts";
import { directoryFiles } from "../sources/directory.ts";
import { run } from "../subprocess.ts";

const NAME = "create-bunyard";
/** Beside the package in the cache: the digest of its files. */
const DIGEST = "sha256";
const SETTINGS = [".npmrc", "bunfig.toml"];

/**
 * Resolves to the folder of the package. Bun downloads it, so that the user's scopes, tokens and proxies apply, and checks
 * its integrity. A cached copy is used only as long as its files have the digest that was recorded with them.
 * @throws {CreateError} `fetch_failed`
 */
export async function fetchPackage(
  version: string,
  directory: string,
  environment: Environment,
): Promise<string> {
  const settings = settingsOf(directory);
  const cache = join(cacheDirectory(environment), registryKey(settings, environment));
  const entry = join(cache, version);
  if (isIntact(entry)) return join(entry, "package");
  const scratch = createScratch(cache);
  const end = environment.spin(`Downloading ${NAME} ${version}`);
  try {
    await download(version, scratch, settings, environment);
    const staged = join(scratch, "entry");
    mkdirSync(staged);
    renameSync(realpathSync(join(scratch, "node_modules", NAME)), join(staged, "package"));
    writeFileSync(join(staged, DIGEST), digestOf(join(staged, "package")));
    moveInto(staged, entry, join(scratch, "damaged"));
    return join(entry, "package");
  } finally {
    end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function createScratch(cache: string): string {
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(cache, ".download-"));
  } catch (cause) {
    const message = `The cache directory ${cache} is not writable (${systemCode(cause)}).`;
    const hint = "Set XDG_CACHE_HOME to a folder that is writable, and try again.";
    throw new CreateError("not_writable", message, hint, { cause });
  }
}

async function download(
  version: string,
  folder: string,
  settings: readonly string[],
  { bun, variables, signal }: Environment,
): Promise<void> {
  for (const file of settings) provide(file, folder);
  const manifest = { name: "download", private: true, dependencies: { [NAME]: version } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const { exitCode, output } = await run({
    command: [bun, "install", "--ignore-scripts", "--no-summary", "--no-progress"],
    cwd: folder,
    // With an empty cache, Bun downloads the package and compares it with the registry's integrity value.
    env: { ...variables, BUN_INSTALL_CACHE_DIR: join(folder, "cache") },
    signal,
  });
  // With `dryRun`, Bun succeeds without the package.
  if (exitCode === 0 && existsSync(join(folder, "node_modules", NAME))) return;
  throw new CreateError(
    "fetch_failed",
    `${NAME} ${version} could not be downloaded: ${reasonIn(output)}`,
    "The comparison needs that version. Connect to the network once, then it is cached. If you are connected, check the registry in .npmrc or bunfig.toml.",
  );
}

const reasonIn = (output: string): string => {
  const errors = output.split("\n").filter((line) => /^error/i.test(line.trim()));
  return errors.length === 0 ? output : errors.join("\n");
};

/** The registry settings that apply to the project: the nearest file of each kind. Bun itself reads those of the home directory. */
function settingsOf(directory: string): readonly string[] {
  const repository = [directory, ...ancestors(directory)];
  const top = repository.findIndex((path) => existsSync(join(path, ".git")));
  const folders = repository.slice(0, top === -1 ? 1 : top + 1);
  return SETTINGS.flatMap((name) => {
    const files = folders.map((folder) => join(folder, name));
    return files.find(isFile) ?? [];
  });
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The settings of bunfig.toml that say where packages come from. Others, such as `dryRun` or a scanner, do not apply. */
const REGISTRY_SETTINGS = ["registry", "scopes", "ca", "cafile"];

/** Makes a settings file apply in `folder`. Only the owner can read the copy: settings contain tokens. */
function provide(file: string, folder: string): void {
  const content = file.endsWith(".npmrc") ? npmrcFor(file) : bunfigFor(file);
  writeFileSync(join(folder, basename(file)), content, { mode: 0o600 });
}

/** The path of a certificate is relative to the folder of its file. */
const npmrcFor = (file: string): string =>
  readFileSync(file, "utf8").replace(
    /^(\s*cafile\s*=\s*)([^\s$].*)$/m,
    (_, key, path) => key + resolve(dirname(file), path.trim()),
  );

function bunfigFor(file: string): string {
  const { install = {} } = parseToml(file);
  const absolute = (name: string, value: unknown) =>
    name === "cafile" && typeof value === "string" ? resolve(dirname(file), value) : value;
  const lines = REGISTRY_SETTINGS.filter((name) => name in install).map(
    (name) => `${name} = ${inlineToml(absolute(name, install[name]))}\n`,
  );
  return `[install]\n${lines.join("")}`;
}

/** @throws {CreateError} `usage` */
function parseToml(file: string): { readonly install?: Readonly<Record<string, unknown>> } {
  try {
    return Bun.TOML.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const message = `${file} is not valid TOML, and it may name the registry.`;
    throw new CreateError("usage", message, "Repair it, and try again.", { cause });
  }
}

/** Prints a value as TOML on one line. A JSON string is also a TOML string. */
function inlineToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineToml).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(
    ([key, part]) => `${JSON.stringify(key)} = ${inlineToml(part)}`,
  );
  return `{ ${pairs.join(", ")} }`;
}

/** Two registries may have different packages under the same version. */
function registryKey(settings: readonly string[], { home, variables }: Environment): string {
  const hash = new Bun.CryptoHasher("sha256");
  const global = [".npmrc", ".bunfig.toml"].map((name) => join(home, name));
  for (const file of [...settings, ...global]) {
    if (isFile(file)) hash.update(readFileSync(file));
    hash.update("\0");
  }
  for (const name of ["BUN_CONFIG_REGISTRY", "NPM_CONFIG_REGISTRY", "npm_config_registry"]) {
    hash.update(`${variables[name] ?? ""}\0`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The XDG Base Directory Specification; on Windows, the local application data. */
function cacheDirectory({ home, variables }: Environment): string {
  const local = process.platform === "win32" ? variables.LOCALAPPDATA : undefined;
  const { XDG_CACHE_HOME: wanted = "" } = variables;
  // A relative path is invalid, and is ignored.
  return join(isAbsolute(wanted) ? wanted : local || join(home, ".cache"), NAME);
}

function isIntact(entry: string): boolean {
  const file = join(entry, DIGEST);
  return existsSync(file) && readFileSync(file, "utf8") === digestOf(join(entry, "package"));
}

function digestOf(folder: string): string {
  const hash = new Bun.CryptoHasher("sha256");
  if (!existsSync(folder)) return "";
  for (const [path, content] of directoryFiles(folder)) {
    hash.update(`${path}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Keeps the entry of a concurrent run, which may be in use. A damaged one is moved to `trash` first. */
function moveInto(staged: string, entry: string, trash: string): void {
  try {
    renameSync(staged, entry);
  } catch (error) {
    if (isIntact(entry)) return;
    if (!existsSync(entry)) throw error;
    renameSync(entry, trash);
    renameSync(staged, entry);
  }
}
