// Turns a file into the text of its module: reads, parses and validates it, then prints the module.
import { isUtf8 } from "node:buffer";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { ContentError, isOutside } from "./error.ts";
import { type Format, type Parsed, Source } from "./format.ts";
import { printModule, UnprintableError } from "./module.ts";
import { checkData, type Schema } from "./schema.ts";

export interface LoadOptions {
  /** Folder that must contain the files, after symbolic links are resolved; by default any file may be imported. */
  readonly root?: string | undefined;
  /** Size limit of a file in bytes; by default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** Validates the data, and may transform it. Any Standard Schema: zod, valibot, arktype, … */
  readonly schema?: Schema | undefined;
  /**
   * Loads only matching paths, after symbolic links are resolved, e.g. to give each folder its own schema; by default every
   * file of the format.
   */
  readonly filter?: RegExp | undefined;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;

/** Limits the length of a module to this multiple of `maxBytes`, because parsers and schemas may expand a file. */
const MAX_GROWTH = 8;

/** A format with its options. The adapters in hosts/ turn it into plugins. */
export interface Loader {
  /** Matches the absolute paths that it loads. */
  readonly filter: RegExp;
  /** Matches all files of the format, for esbuild: the regular expressions of Go lack the lookaheads of `filter`. */
  readonly formatFilter: RegExp;
  /**
   * Returns the text of the module; a promise only if the schema is asynchronous, so that `require()` works.
   * @throws {ContentError}
   */
  readonly load: (file: string) => string | Promise<string>;
}

/** @throws {TypeError} if `maxBytes` is invalid */
export function createLoader(format: Format, options: LoadOptions = {}): Loader {
  checkMaxBytes(options);
  const formatFilter = extensionFilter(format.extensions);
  return {
    filter: options.filter ? intersect(formatFilter, options.filter) : formatFilter,
    formatFilter,
    load(file) {
      const content = loadContent(format, file, options);
      return content instanceof Promise ? content.then(({ module }) => module) : content.module;
    },
  };
}

export interface Content {
  /** The data that the schema returned. */
  readonly data: unknown;
  /** The default export of the module. */
  readonly document: unknown;
  /** The text of the module. */
  readonly module: string;
}

/**
 * Loads the content of a file. Returns a promise only if the schema is asynchronous.
 * @throws {ContentError}
 */
export function loadContent(
  format: Format,
  file: string,
  options: LoadOptions,
): Content | Promise<Content> {
  const source = readSource(file, options);
  const parsed = parseSource(format, source);
  const { toDocument = (data: unknown) => data } = parsed;
  const { schema, maxBytes = DEFAULT_MAX_BYTES } = options;
  const toContent = (data: unknown): Content => {
    const document = toDocument(data);
    const module = printDocument(document, parsed, source);
    if (module.length <= MAX_GROWTH * maxBytes) return { data, document, module };
    const message = `becomes a module of more than ${MAX_GROWTH * maxBytes} characters, ${MAX_GROWTH} times maxBytes: split the file, or raise maxBytes`;
    throw source.error("value", [0, 0], message);
  };
  const data = schema === undefined ? parsed.data : checkData(schema, parsed, source);
  return data instanceof Promise ? data.then(toContent) : toContent(data);
}

/**
 * Reads a file as UTF-8, without its byte order mark. Synchronous, so that `require()` works, too.
 * @throws {ContentError} `read`
 */
export function readSource(
  file: string,
  { root, maxBytes = DEFAULT_MAX_BYTES }: LoadOptions,
): Source {
  // Without a text, the position is 1:1, and there is no code frame.
  const readError = (message: string) => new Source(file, "").error("read", [0, 0], message);
  try {
    if (root !== undefined && isOutside(realpathSync(root), realpathSync(file))) {
      throw readError(`is outside ${root}`);
    }
    const stat = statSync(file);
    // A device or a pipe has no size and may never end.
    if (!stat.isFile()) throw readError("is not a file");
    if (stat.size > maxBytes)
      throw readError(`has ${stat.size} bytes; the limit, maxBytes, is ${maxBytes}`);
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw readError("is not UTF-8");
    return new Source(file, new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof ContentError) throw error;
    throw readError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws {TypeError} for text such as `1mb`, which would switch off the limit: every comparison with it is false */
export function checkMaxBytes({ maxBytes = DEFAULT_MAX_BYTES }: LoadOptions): void {
  if (typeof maxBytes === "number" && maxBytes > 0) return;
  const value = `the ${typeof maxBytes} ${maxBytes}`;
  throw new TypeError(`maxBytes must be a positive number of bytes, not ${value}`);
}

function parseSource(format: Format, source: Source): Parsed {
  try {
    return format.parse(source);
  } catch (error) {
    // A recursive parser has overflowed the stack. Any other RangeError is a bug of the format.
    if (!(error instanceof RangeError && error.message.includes("call stack"))) throw error;
    throw source.error("syntax", [0, 0], "is nested too deeply");
  }
}

function printDocument(document: unknown, parsed: Parsed, source: Source): string {
  try {
    return printModule(document);
  } catch (error) {
    if (!(error instanceof UnprintableError)) throw error;
    // The error has a path in the document. `locate` takes a path in the data, so remove the prefix `dataPath`.
    const pathInData = error.path.slice(parsed.dataPath?.length ?? 0);
    throw source.error("value", parsed.locate(pathInData), error.message);
  }
}

/** Matches paths with one of these extensions, in upper or lower case. */
export function extensionFilter(extensions: readonly string[]): RegExp {
  const patterns = extensions.map((extension) =>
    extension
      .replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")
      .replaceAll(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`),
  );
  return new RegExp(`\\.(?:${patterns.join("|")})$`);
}

/**
 * Matches the paths in which `test` of both patterns finds a match: a lookahead searches for each. It must match no other
 * path, because Bun's runtime fails if `onLoad` returns nothing for a path that matches.
 */
function intersect(formatFilter: RegExp, userFilter: RegExp): RegExp {
  const { source, flags } = withoutState(userFilter);
  // The user's flags apply to both patterns. `formatFilter` needs no `i`, because it lists each letter in both cases.
  return new RegExp(`^(?=[^]*${formatFilter.source})(?=[^]*(?:${source}))`, flags);
}

/** Removes the flags `g` and `y`, with which `test` would start where the last match ended, and so skip files. */
export function withoutState({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags.replaceAll(/[gy]/g, ""));
}
