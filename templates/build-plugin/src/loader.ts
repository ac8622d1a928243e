// Makes a plugin of a format: reads, parses, checks and prints a file, for Bun and for esbuild.
import type { Draft, Format } from "./format.ts";
import { type LoaderPlugin, plugin } from "./host.ts";
import { UnprintableError } from "./literal.ts";
import { moduleText } from "./module.ts";
import { checked, type Schema } from "./schema.ts";
import { DEFAULT_MAX_BYTES, type ReadLimits, readSource, type Source } from "./source.ts";

export interface LoaderOptions extends ReadLimits {
  /** Checks the data, and may change it. Any Standard Schema: zod, valibot, arktype, … */
  readonly schema?: Schema | undefined;
  /** Paths that this plugin loads, to give folders schemas of their own. */
  readonly filter?: RegExp | undefined;
}

/** A plugin for every host: each takes it as it is. */
export function loader(format: Format, options: LoaderOptions = {}): LoaderPlugin {
  return plugin(format.name, options.filter ?? format.filter, (file) =>
    load(format, readSource(file, options), options),
  );
}

/** The text of the module; a promise only if the schema is asynchronous, so that `require()` works. */
function load(
  format: Format,
  source: Source,
  { schema, maxBytes = DEFAULT_MAX_BYTES }: LoaderOptions,
): string | Promise<string> {
  const draft = parsed(format, source);
  const print = (data: unknown): string => {
    const text = printed(draft, data, source);
    if (text.length <= GROWTH * maxBytes) return text;
    const message = `becomes a module of more than ${GROWTH} times maxBytes, which is ${maxBytes}`;
    throw source.error("value", [0, 0], message);
  };
  const data = schema === undefined ? draft.data : checked(schema, draft, source);
  return data instanceof Promise ? data.then(print) : print(data);
}

/** A module may be this many times as long as the largest file: escapes take more room than text. */
const GROWTH = 8;

function parsed(format: Format, source: Source): Draft {
  try {
    return format.parse(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw source.error("syntax", [0, 0], "is nested too deeply", error);
  }
}

function printed(draft: Draft, data: unknown, source: Source): string {
  try {
    return moduleText(draft.document(data));
  } catch (error) {
    if (!(error instanceof UnprintableError)) throw error;
    throw source.error(
      "value",
      draft.locate(error.path.slice(draft.prefix.length)),
      error.message,
      error,
    );
  }
}
