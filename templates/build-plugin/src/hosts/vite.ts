// The adapter to Vite.
import type { Format } from "../format.ts";
import { createLoader, type LoadOptions } from "../load.ts";
import { createLoadHook, type RollupPlugin } from "./rollup.ts";
import { restrictToHostsOfEntry } from "./wrong-host.ts";

/** Fits `plugins` of Vite, without its types. */
export interface VitePlugin extends RollupPlugin {
  /** Before Vite's own plugins, which load some extensions as assets. */
  readonly enforce: "pre";
  handleHotUpdate(update: HotUpdate): [] | undefined;
}

interface HotUpdate {
  readonly file: string;
  readonly modules: readonly { readonly isSelfAccepting?: boolean | undefined }[];
  readonly server: { readonly ws: { send(message: { type: "full-reload" }): void } };
}

/** After a change of a content file, the dev server updates the modules that accept it, or reloads the page. */
export function toVitePlugin(format: Format, options?: LoadOptions): VitePlugin {
  const loader = createLoader(format, options);
  return restrictToHostsOfEntry("vite", {
    name: format.name,
    enforce: "pre",
    load: createLoadHook(loader),
    handleHotUpdate({ file, modules, server }) {
      if (!loader.filter.test(file) || modules.length === 0) return undefined;
      // Vite ignores changes of a file that has never loaded successfully, so the page would keep showing the error. It
      // sets `isSelfAccepting` only after it has transformed a module.
      const wasLoaded = modules.some(({ isSelfAccepting }) => isSelfAccepting !== undefined);
      if (wasLoaded) return undefined;
      server.ws.send({ type: "full-reload" });
      return [];
    },
  });
}
