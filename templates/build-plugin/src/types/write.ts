// Writes a declaration beside each content file of a folder, once or after each change.
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { displayPath, StacklessError } from "../error.ts";
import type { Format } from "../format.ts";
import { allFormats } from "../formats.ts";
import {
  checkMaxBytes,
  extensionFilter,
  type LoadOptions,
  loadContent,
  withoutState,
} from "../load.ts";
import { isExportable } from "../module.ts";
import type { Schema } from "../schema.ts";
import { declareModule, GENERATED } from "./declaration.ts";

/**
 * The schema of the files whose absolute paths match the filter, after symbolic links are resolved. Use the same filter and
 * schema as in the plugin.
 */
export interface ContentSchema {
  readonly filter: RegExp;
  /** Name of a format, such as `jsonl`. The schema then applies only to files of this format; by default to those of any. */
  readonly format?: string | undefined;
  readonly schema: Schema;
  /** Path of the module that exports the schema. */
  readonly module: string;
  /** Name of the schema in that module. */
  readonly export: string;
}

/**
 * `maxBytes` has the same meaning as in a plugin. The plugins' options `schema` and `filter` are given here for each entry of
 * `schemas`.
 */
export interface TypesOptions extends Pick<LoadOptions, "maxBytes"> {
  /** The first entry whose filter and format match a file applies. */
  readonly schemas?: readonly ContentSchema[] | undefined;
  /** Your own formats, in addition to those of this package. */
  readonly formats?: readonly Format[] | undefined;
  /** Paths of folders to skip, from the working directory. */
  readonly ignore?: readonly string[] | undefined;
  /** Only returns which declarations would be written and removed, without changing files. */
  readonly check?: boolean | undefined;
}

export interface TypesResult {
  /** Number of content files. */
  readonly count: number;
  /** Paths of the declarations that were missing or out of date. */
  readonly written: readonly string[];
  /** Paths of declarations whose content file no longer exists. */
  readonly removed: readonly string[];
}

/** @throws {ContentError} if a content file is invalid; nothing is written then. */
export async function writeTypes(
  folder: string,
  { schemas = [], formats = [], ignore = [], check = false, ...options }: TypesOptions = {},
): Promise<TypesResult> {
  checkMaxBytes(options);
  refuseFile(folder);
  const known = [...formats, ...allFormats];
  const ignored = ignore.map((path) => resolve(path) + sep);
  const files = listFiles(folder).filter((file) => !ignored.some((path) => file.startsWith(path)));
  const wanted = new Map<string, string>();
  for (const file of files) {
    const format = known.find(({ extensions }) => extensionFilter(extensions).test(file));
    if (format === undefined) continue;
    const real = realpathSync(file); // the path that the hosts pass to a plugin
    const found = schemas.find(
      (schema) =>
        (schema.format ?? format.name) === format.name && withoutState(schema.filter).test(real),
    );
    const content = await loadContent(format, file, { ...options, schema: found?.schema });
    const reference = found && { export: found.export, module: importPath(file, found.module) };
    wanted.set(declarationPath(file), declareModule(format, content, reference));
  }
  const content = extensionFilter(known.flatMap(({ extensions }) => extensions));
  const written = [...wanted].filter(([path, text]) => isOutOfDate(path, text));
  const removed = files.filter(
    (file) =>
      !wanted.has(file) &&
      DECLARATION.test(file) &&
      content.test(file.replace(DECLARATION, ".$1")) &&
      isGenerated(readFileSync(file, "utf8")),
  );
  if (!check) {
    for (const [path, text] of written) writeFileSync(path, text);
    for (const path of removed) rmSync(path);
  }
  return { count: wanted.size, written: written.map(([path]) => path), removed };
}

export interface WatchOptions extends Omit<TypesOptions, "check"> {
  /** Ends the watch; by default it runs until the process ends. */
  readonly signal?: AbortSignal | undefined;
  /** Receives each result, or the error of a content file; by default errors are printed. */
  readonly report?: ((result: TypesResult | Error) => void) | undefined;
}

/** Interval between two polls of the folder. */
const POLL_MS = 300;

/**
 * Writes the declarations now and after each change. Polls the folder, because a file watcher would miss changes after
 * the folder was renamed or replaced.
 */
export async function watchTypes(
  folder: string,
  { signal, report = printError, ...options }: WatchOptions = {},
): Promise<void> {
  refuseFile(folder);
  let seen: string | undefined;
  while (!signal?.aborted) {
    const state = stateOf(folder);
    if (state !== seen) {
      seen = state;
      await writeTypes(folder, options).then(report, report);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function printError(result: TypesResult | Error): void {
  if (result instanceof Error) console.error(result.message);
}

/** An error such as `ENOTDIR: not a directory, scandir 'prices.jsonl'` would not say what to do. */
function refuseFile(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isFile()) return;
  throw new StacklessError(`${displayPath(folder)} is a file: name the folder that contains it`);
}

/**
 * Returns paths, times and sizes of all files as one string. Returns the error instead if the folder, or a folder in it, cannot
 * be read: `writeTypes` then reports it, and `watchTypes` continues.
 */
function stateOf(folder: string): string {
  try {
    const times = listFiles(folder).map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return `${file}:${stat?.ctimeMs}:${stat?.size}`;
    });
    return times.join("\n");
  } catch (error) {
    return String(error);
  }
}

/** The end of the name of a declaration: `.d.jsonl.ts` for `.jsonl`. */
const DECLARATION = /\.d\.([^.]+)\.ts$/;

/** `prices.d.jsonl.ts` beside `prices.jsonl`. */
function declarationPath(file: string): string {
  return file.replace(/\.([^.]+)$/, ".d.$1.ts");
}

function isOutOfDate(path: string, text: string): boolean {
  if (!existsSync(path)) return true;
  const found = readFileSync(path, "utf8");
  return isGenerated(found) && withoutStyle(found) !== withoutStyle(text);
}

/** Also true for the first bytes of a declaration, which a full disk or a kill during the write has left. */
const isGenerated = (text: string): boolean =>
  text.startsWith(GENERATED) || GENERATED.startsWith(text);

/** A string; or white space, semicolons, or the `|` before the first type of a union, which formatters add or remove. */
const STYLE = /(["'])((?:(?!\1)[^\\\n]|\\.)*)\1|[\s;]+|(?<=[:<=]\s*)\|/g;

/** Removes what a formatter may have changed. Only the content of strings is kept, because formatters also change quotes. */
const withoutStyle = (text: string): string =>
  text.replaceAll(STYLE, (_, quote?: string, content = "") => {
    if (quote === undefined) return "";
    const raw = content.replaceAll(/\\(["'])|\\./g, (pair: string, mark = pair) => mark);
    return isExportable(raw) ? raw : JSON.stringify(raw);
  });

function importPath(file: string, module: string): string {
  const path = relative(dirname(file), resolve(module)).replaceAll(sep, "/");
  return path.startsWith("../") ? path : `./${path}`;
}

/**
 * Returns sorted absolute paths. Follows symbolic links. Skips node_modules, and names that start with a dot, such as the
 * locks of Emacs and the metadata of macOS.
 */
function listFiles(folder: string, parents: readonly string[] = []): string[] {
  const real = realpathSync(folder);
  if (parents.includes(real)) return []; // a link to a folder that contains it
  return readdirSync(folder)
    .filter((name) => !/^(\..*|node_modules)$/.test(name))
    .flatMap((name) => {
      const path = resolve(folder, name);
      const entry = statSync(path, { throwIfNoEntry: false });
      if (entry?.isDirectory()) return listFiles(path, [...parents, real]);
      return entry?.isFile() ? [path] : [];
    })
    .toSorted();
}
