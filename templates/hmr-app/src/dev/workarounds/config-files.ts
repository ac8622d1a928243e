// Defect: `.env`, `bunfig.toml`, `tsconfig.json` and `imports` in package.json are read only once, and nothing says that an edit has no effect.
// Bun 1.4.5, https://github.com/oven-sh/bun/issues/2521
// Workaround: polls them; after an edit the bundler restarts, and the server is evaluated with the new variables.
import { readFileSync, statSync } from "node:fs";
import { parseEnv } from "node:util";
import { notice } from "#lib/log";
import { createHot } from "../../hot.ts";
import { reevaluate } from "../reevaluate.ts";

/** In the order in which Bun reads them in development; a later one takes precedence. */
const ENV_FILES = [".env", ".env.development", ".env.local", ".env.development.local"];
const CONFIG_FILES = [...ENV_FILES, "bunfig.toml", "tsconfig.json"];
const POLL_MS = 200;

interface Data {
  /** The latest text of each file. */
  texts: ReadonlyMap<string, string>;
  /** Names of the variables that come from the files and not from the shell. */
  fromFiles: readonly string[];
  timer: Timer;
}

const { data } = createHot<Data>("dev:config-files");
data.texts ??= readTexts();
data.fromFiles ??= namesFromFiles();

/** For the `env` of a child process that reads the .env files itself. */
export function envFileVariablesAsUndefined(): Readonly<Record<string, undefined>> {
  return Object.fromEntries((data.fromFiles ?? []).map((name) => [name, undefined]));
}

export function watchConfigFiles(restartBundler: (reason: string) => void): void {
  for (const file of CONFIG_FILES.filter(isFolder))
    notice.warn("{file} is a folder: remove it, or replace it with a file", { file });
  // Replaces the timer of the previous evaluation. It is not disposed of, because it must outlive code that fails to start.
  clearInterval(data.timer);
  data.timer = setInterval(async () => {
    const texts = readTexts();
    const changed = [...texts.keys()].filter((file) => texts.get(file) !== data.texts?.get(file));
    data.texts = texts;
    if (changed.length === 0) return;
    await readVariables();
    restartBundler(`${changed.join(", ")} changed`);
    reevaluate();
  }, POLL_MS);
}

function readTexts(): ReadonlyMap<string, string> {
  const texts = new Map(CONFIG_FILES.map((file) => [file, readText(file)]));
  return texts.set("package.json", readAliases());
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

/** A missing file and a folder count as empty, as for Bun. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (/ENOENT|EISDIR/.test((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Returns the variables whose value is that of a file. Any other value comes from the shell, which takes precedence. */
function namesFromFiles(): readonly string[] {
  const variables = ENV_FILES.flatMap((file) => Object.entries(parseEnv(readText(file))));
  // Only Bun expands references such as `URL=http://$HOST/`, so their value cannot be compared.
  const isFromFile = ([name, value = ""]: [string, string | undefined]) =>
    value.includes("$") || value === process.env[name];
  return variables.filter(isFromFile).map(([name]) => name);
}

/** Starts a process that reads the files as Bun does at its start, and copies its variables. It prints its own errors. */
async function readVariables(): Promise<void> {
  const command = [process.execPath, "--print", "JSON.stringify(process.env)"];
  const env = { ...process.env, ...envFileVariablesAsUndefined() };
  const child = Bun.spawn(command, { env });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) {
    notice.warn("the variables of .env keep their values: Bun does not start, see the error above");
    return;
  }
  // The first lines are those of a `preload` of bunfig.toml.
  const variables = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  for (const name of data.fromFiles ?? []) delete process.env[name];
  Object.assign(process.env, variables);
  data.fromFiles = namesFromFiles();
}
