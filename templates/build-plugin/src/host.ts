// The hosts of a plugin: Bun at run time, Bun's bundler, Bun's dev server, and esbuild.
import { ContentError, type Diagnostic } from "./error.ts";

/** What Bun and esbuild have in common, as far as a loader needs it. */
export interface Host {
  onLoad(
    options: { filter: RegExp; namespace: string },
    callback: (args: { path: string }) => Loaded | Promise<Loaded>,
  ): unknown;
}

export interface Loaded {
  contents: string;
  loader: "js";
  /** esbuild's way to say where something is wrong. */
  errors?: EsbuildMessage[];
}

interface EsbuildMessage {
  text: string;
  location: { file: string; line: number; column: number; length: number; lineText: string };
}

/** Fits `Bun.plugin`, `plugins` of `Bun.build` and of esbuild, without the types of either. */
export interface LoaderPlugin {
  readonly name: string;
  setup(build: Host): void;
}

/** @param load gives the text of the module in a file, or throws a {@link ContentError}. */
export function plugin(
  name: string,
  filter: RegExp,
  load: (file: string) => string | Promise<string>,
): LoaderPlugin {
  return {
    name,
    setup(build) {
      const failed = isBun(build) ? rethrow : forEsbuild;
      build.onLoad({ filter, namespace: "file" }, ({ path }) => {
        try {
          const contents = load(path);
          return contents instanceof Promise
            ? contents.then(loaded).catch(failed)
            : loaded(contents);
        } catch (error) {
          return failed(error);
        }
      });
    },
  };
}

const loaded = (contents: string): Loaded => ({ contents, loader: "js" });

/** Bun's builders alone can make virtual modules. esbuild may run on Bun, so its global says nothing. */
const isBun = (build: Host): boolean => "module" in build;

/** Bun prints the message of what is thrown, and knows no other place than the file. */
function rethrow(error: unknown): never {
  throw error;
}

function forEsbuild(error: unknown): Loaded {
  if (!(error instanceof ContentError)) throw error;
  return { contents: "", loader: "js", errors: error.diagnostics.map(esbuildMessage) };
}

/** esbuild draws a frame of its own; it counts columns from 0, in bytes of UTF-8. */
function esbuildMessage(diagnostic: Diagnostic): EsbuildMessage {
  const { file, line, column, length, lineText, message } = diagnostic;
  const bytes = new TextEncoder().encode(lineText.slice(0, column - 1)).length;
  return { text: message, location: { file, line, column: bytes, length, lineText } };
}
