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
  /** Used by serve.ts, which lets the bundle of an invalid file fail in production. */
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
      const host = hostOf(build);
      const fail = failureHandlerFor(build, host);
      // esbuild cannot run `filter`, so it gets `formatFilter`. Only esbuild therefore calls this function for files that
      // `filter` does not match.
      const registered = host === "esbuild" ? formatFilter : filter;
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

/** Returns the host that runs the plugin. The server is that of `Bun.serve`. */
function hostOf(build: BunHost): "esbuild" | "runtime" | "bundler" | "server" {
  // Only Bun's build object has `module`, which defines virtual modules.
  if (!("module" in build)) return "esbuild";
  // The runtime has no configuration.
  if (build.config === undefined) return "runtime";
  // The server has no entry points.
  return "entrypoints" in build.config ? "bundler" : "server";
}

function failureHandlerFor(build: BunHost, host: string): (error: unknown) => Loaded {
  // Bun's runtime and bundler have no field for a position. They print the thrown error's message, which contains it.
  let report: ((error: ContentError) => Loaded) | undefined;
  if (host === "server") report = createServerReporter(build);
  if (host === "esbuild") report = reportToEsbuild;
  return (error) => {
    if (report && error instanceof ContentError) return report(error);
    throw error;
  };
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
