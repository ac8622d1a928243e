// Defect: `.env`, `bunfig.toml`, `tsconfig.json`, the files that it extends, and `imports` in package.json are read only
// once, and nothing says that an edit has no effect.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/2521
// Workaround: polls them; after an edit the bundler restarts, and the server is evaluated with the new variables.
import { readFileSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseEnv } from "node:util";
import { notice } from "#lib/log";
import { createHot } from "../../hot.ts";

/** In the order in which Bun reads them in development; a later one takes precedence. */
const ENV_FILES = [".env", ".env.development", ".env.local", ".env.development.local"];
const CONFIG_FILES = [...ENV_FILES, "bunfig.toml"];
/** Bun reads that of the closest folder. */
const TYPESCRIPT_CONFIGS = ["tsconfig.json", "src/tsconfig.json", "src/page/tsconfig.json"];
const POLL_MS = 200;
/** A `preload` of bunfig.toml might keep the process that reads the variables running. */
const MAX_START_MS = 5000;

interface Data {
  /** The latest text of each file. */
  texts: ReadonlyMap<string, string>;
  /** The variables that come from the files and not from the shell, each as undefined. */
  fromFiles: Readonly<Record<string, undefined>>;
  timer: Timer;
}

const { data } = createHot<Data>("dev:config-files");
data.texts ??= readTexts();
data.fromFiles ??= variablesOfFiles();

/** For the `env` of a child process that reads the .env files itself. */
export function envFileVariablesAsUndefined(): Readonly<Record<string, undefined>> {
  return data.fromFiles ?? {};
}

interface Actions {
  /** Returns false if it failed: the edit is then handled at the next poll. */
  readonly reevaluate: () => boolean;
  readonly restartBundler: (reason: string) => void;
}

export function watchConfigFiles({ reevaluate, restartBundler }: Actions): void {
  // Not in `dispose`, because polling must outlive code that fails to start.
  clearInterval(data.timer);
  data.timer = setInterval(() => {
    const texts = readTexts();
    const changed = [...texts.keys()].filter((file) => texts.get(file) !== data.texts?.get(file));
    if (changed.length === 0) return;
    readVariables();
    if (!reevaluate()) return;
    data.texts = texts;
    restartBundler(`${changed.join(", ")} changed`);
  }, POLL_MS);
}

function readTexts(): ReadonlyMap<string, string> {
  const configs = TYPESCRIPT_CONFIGS.flatMap((file) => extendedConfigs(file));
  const files = [...CONFIG_FILES, ...configs];
  const texts = new Map(files.map((file) => [file, readText(file)]));
  return texts.set("package.json", readAliases());
}

/** Returns `file`, a tsconfig.json, and the files that it extends. */
function extendedConfigs(file: string, extending: readonly string[] = []): readonly string[] {
  if (extending.includes(file)) return [];
  try {
    const config = Bun.JSONC.parse(readText(file)) as { extends?: string | string[] };
    const folder = dirname(resolve(file));
    const bases = [config.extends ?? []].flat().map((base) => Bun.resolveSync(base, folder));
    const chain = [...extending, file];
    return [file, ...bases.flatMap((base) => extendedConfigs(relative(".", base), chain))];
  } catch {
    // Invalid or missing until the next edit.
    return [file];
  }
}

/** Returns the part of package.json that concerns the page, so that the installation of a package is not an edit. */
function readAliases(): string {
  try {
    return JSON.stringify(JSON.parse(readText("package.json")).imports) ?? "";
  } catch {
    // Invalid until the next edit.
    return data.texts?.get("package.json") ?? "";
  }
}

/** A file that cannot be read counts as empty, as for Bun; so does a named pipe, which would block the process. */
function readText(file: string): string {
  try {
    return statSync(file).isFile() ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}

/** Returns the variables whose value is that of a file. Any other value comes from the shell, which takes precedence. */
function variablesOfFiles(): Readonly<Record<string, undefined>> {
  const variables = ENV_FILES.flatMap((file) => Object.entries(parseEnv(readText(file))));
  // Node does not expand references such as `URL=http://$HOST/`. If there are any, Bun reads the files, and only names with the
  // same value stay.
  const hasReference = ([, value = ""]: [string, string | undefined]) => value.includes("$");
  const candidates = variables.filter((it) => hasReference(it) || it[1] === process.env[it[0]]);
  const fromFiles = Object.fromEntries(candidates.map(([name]) => [name, undefined]));
  if (!candidates.some(hasReference)) return fromFiles;
  const expanded = readByBun(fromFiles) ?? {};
  const names = Object.keys(fromFiles).filter((name) => expanded[name] === process.env[name]);
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** Replaces the variables of the files by those that Bun would read at a start. */
function readVariables(): void {
  const fromFiles = envFileVariablesAsUndefined();
  const variables = readByBun(fromFiles);
  if (!variables) {
    notice.warn("the variables of .env keep their values: Bun does not start, see the error above");
    return;
  }
  for (const name of Object.keys(fromFiles)) delete process.env[name];
  Object.assign(process.env, variables);
  data.fromFiles = variablesOfFiles();
}

/** Returns the variables of a new process, which reads those of the files itself; undefined if Bun does not start. */
function readByBun(fromFiles: Data["fromFiles"]): Record<string, string> | undefined {
  const command = [process.execPath, "--print", "JSON.stringify(process.env)"];
  const env = { ...process.env, ...fromFiles };
  const child = Bun.spawnSync(command, { env, stderr: "inherit", timeout: MAX_START_MS });
  if (child.exitCode !== 0) return undefined;
  // The first lines are those of a `preload` of bunfig.toml.
  return JSON.parse(child.stdout.toString().trim().split("\n").at(-1) ?? "");
}
