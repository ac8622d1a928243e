// The adapter to Bun (runtime, bundler and server) and to esbuild, which have the same interface for plugins.
import { ContentError, type Diagnostic } from "../error.ts";
import type { Loader } from "../load.ts";
import { reportToServe } from "./serve.ts";
import { refuseOtherHosts } from "./wrong-host.ts";

/** The part of the plugin API that Bun and esbuild share and a loader needs. */
export interface BunHost {
  onLoad(
    options: { filter: RegExp; namespace: string },
    callback: (args: { path: string }) => Loaded | Promise<Loaded>,
  ): unknown;
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

export function toBunPlugin({ name, filter, load }: Loader): BunPlugin {
  return refuseOtherHosts("", {
    name,
    setup(build) {
      const fail = failureHandlerFor(build);
      build.onLoad({ filter, namespace: "file" }, ({ path }) => {
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

function failureHandlerFor(build: BunHost): (error: unknown) => Loaded {
  const report = reporterFor(build);
  return (error) => {
    if (error instanceof ContentError) return report(error);
    throw error;
  };
}

function reporterFor(build: BunHost): (error: ContentError) => Loaded {
  // Only Bun supports virtual modules (`module`). The global `Bun` also exists if esbuild runs on Bun.
  if (!("module" in build)) return reportToEsbuild;
  const { config } = build;
  // The server has no entry points, and the runtime has no configuration.
  return config !== undefined && !("entrypoints" in config) ? reportToServe(build) : rethrow;
}

/** Bun prints the message, which contains the position. It has no field for a position within the file. */
function rethrow(error: ContentError): never {
  throw error;
}

function reportToEsbuild({ diagnostics }: ContentError): Loaded {
  return { contents: "", loader: "js", errors: diagnostics.map(toEsbuildMessage) };
}

/** esbuild draws its own frame, and counts columns from 0, in bytes of UTF-8. */
function toEsbuildMessage(diagnostic: Diagnostic): EsbuildMessage {
  const { file, line, column, length, lineText, message } = diagnostic;
  const bytes = new TextEncoder().encode(lineText.slice(0, column - 1)).length;
  return { text: message, location: { file, line, column: bytes, length, lineText } };
}
