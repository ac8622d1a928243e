// The adapter to Rollup and Rolldown.
import { ContentError, formatHead } from "../error.ts";
import type { Format } from "../format.ts";
import { createLoader, type Loader, type LoadOptions } from "../load.ts";
import { restrictToHostsOfEntry } from "./wrong-host.ts";

/** Fits `plugins` of Rollup and of Rolldown, without the types of either. */
export interface RollupPlugin {
  readonly name: string;
  load(this: RollupContext, id: string): Promise<RollupModule | null>;
}

interface RollupContext {
  addWatchFile?(id: string): void;
  error(error: RollupError): never;
}

interface RollupModule {
  code: string;
  /** No mappings, because the lines of the module do not correspond to lines of the file. */
  map: { mappings: "" };
  /** Unused content is left out of the bundle. */
  moduleSideEffects: false;
  /** For Rolldown, which otherwise derives the type from the extension: `.txt` would be a string. */
  moduleType: "js";
}

interface RollupError {
  name: string;
  message: string;
  id: string;
  /** The column counts from 0. */
  loc: { file: string; line: number; column: number };
  frame: string;
  /** Empty, because the stack trace would point into this package. */
  stack: string;
}

export function toRollupPlugin(format: Format, options?: LoadOptions): RollupPlugin {
  const load = createLoadHook(createLoader(format, options));
  return restrictToHostsOfEntry("rollup", { name: format.name, load });
}

/** Vite uses the same hook. */
export function createLoadHook({ filter, load }: Loader): RollupPlugin["load"] {
  return async function (id) {
    // Virtual modules of other plugins begin with \0. An id with a query, such as `?raw`, is not the file's content.
    if (/[\0?]/.test(id) || !filter.test(id)) return null;
    this.addWatchFile?.(id); // Rollup and Rolldown do not watch files that a plugin loads
    try {
      return {
        code: await load(id),
        map: { mappings: "" },
        moduleSideEffects: false,
        moduleType: "js",
      };
    } catch (error) {
      if (error instanceof ContentError) return this.error(toRollupError(error));
      throw error;
    }
  };
}

function toRollupError({ name, diagnostics }: ContentError): RollupError {
  const [{ file, line, column, frame }] = diagnostics;
  return {
    name,
    message: diagnostics.map(formatHead).join("\n"),
    id: file,
    loc: { file, line, column: column - 1 },
    frame,
    stack: "",
  };
}
