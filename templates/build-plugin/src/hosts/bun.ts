// The adapter to Bun (runtime, bundler and server) and to esbuild, which have the same interface for plugins.
import { ContentError, type Diagnostic } from "../error.ts";
import type { Format } from "../format.ts";
import { createLoader, type LoadOptions } from "../load.ts";
import { createServerReporter } from "./serve.ts";
import { restrictToHostsOfEntry } from "./wrong-host.ts";

/** The part of the plugin API of Bun and esbuild that this package uses. */
export interface BunHost {
  onLoad(
    options: { filter: RegExp; namespace: string },
    callback: (args: { path: string }) => Loaded | undefined | Promise<Loaded>,
  ): unknown;
  /** Used only by serve.ts: it registers a callback that throws, to make the bundle of an invalid file fail in production. */
  onResolve(options: { filter: RegExp }, callback: (args: { path: string }) => never): unknown;
  /** Only set by Bun's bundler and server. */
  readonly config?: object;
}

export interface Loaded {
  contents: string;
  loader: "js";
  /** Errors with their position, for esbuild. */
  errors?: EsbuildMessage[];
}

interface EsbuildMessage {
  text: string;
  location: { file: string; line: number; column: number; length: number; lineText: string };
}

/** Fits `Bun.plugin`, and `plugins` of `Bun.build` and of esbuild, without the types of either. */
export interface BunPlugin {
  readonly name: string;
  setup(build: BunHost): void;
}

export function toBunPlugin(format: Format, options?: LoadOptions): BunPlugin {
  const { filter, formatFilter, load } = createLoader(format, options);
  return restrictToHostsOfEntry("index", {
    name: format.name,
    setup(build) {
      const report = reporterFor(build);
      const fail = (error: unknown): Loaded => {
        if (report && error instanceof ContentError) return report(error);
        throw error;
      };
      // esbuild cannot run `filter`, so it gets `formatFilter`, and calls this function also for files that `filter` does not
      // match.
      const registered = isEsbuild(build) ? formatFilter : filter;
      build.onLoad({ filter: registered, namespace: "file" }, ({ path }) => {
        if (!filter.test(path)) return undefined;
        try {
          const contents = load(path);
          return contents instanceof Promise
            ? contents.then(toLoaded).catch(fail)
            : toLoaded(contents);
        } catch (error) {
          return fail(error);
        }
      });
    },
  });
}

const toLoaded = (contents: string): Loaded => ({ contents, loader: "js" });

/** Only Bun's build object has `module`, which defines virtual modules. */
const isEsbuild = (build: BunHost): boolean => !("module" in build);

/** Undefined for Bun's runtime and bundler: they print the message of a thrown error, which contains the position. */
function reporterFor(build: BunHost): ((error: ContentError) => Loaded) | undefined {
  if (isEsbuild(build)) return reportToEsbuild;
  // The runtime has no configuration, and the configuration of `Bun.serve` has no entry points.
  const isServer = build.config !== undefined && !("entrypoints" in build.config);
  return isServer ? createServerReporter(build) : undefined;
}

function reportToEsbuild({ diagnostics }: ContentError): Loaded {
  return { contents: "", loader: "js", errors: diagnostics.map(toEsbuildMessage) };
}

/** esbuild draws its own frame, and counts in bytes of UTF-8, columns from 0. */
function toEsbuildMessage(diagnostic: Diagnostic): EsbuildMessage {
  const { file, line, column, length, lineText, message } = diagnostic;
  const bytes = (start: number, end: number) =>
    new TextEncoder().encode(lineText.slice(start, end)).length;
  const start = column - 1;
  const span = { column: bytes(0, start), length: bytes(start, start + length) };
  return { text: message, location: { file, line, ...span, lineText } };
}
