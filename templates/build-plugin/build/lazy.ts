// A plugin that is loaded when its first file is met: the bundler goes on with other files meanwhile.
import type { Host, LoaderPlugin } from "../src/host.ts";

type Load = Parameters<Host["onLoad"]>[1];

/** @param filter fits every path that the plugin may load. */
export function lazily(filter: RegExp, load: () => Promise<LoaderPlugin>): LoaderPlugin {
  return {
    name: "lazy",
    setup(build) {
      let loads: Promise<ReadonlyMap<RegExp, Load>> | undefined;
      build.onLoad({ filter, namespace: "file" }, async (file) => {
        loads ??= load().then((plugin) => loadsOf(plugin, build));
        for (const [wanted, callback] of await loads) {
          if (wanted.test(file.path)) return await callback(file);
        }
        throw new Error(`${file.path}: no loader takes it`);
      });
    },
  };
}

/** What the plugin would tell the host, in that order. */
function loadsOf(plugin: LoaderPlugin, build: Host): ReadonlyMap<RegExp, Load> {
  const loads = new Map<RegExp, Load>();
  const recorder: Host = Object.create(build, {
    onLoad: {
      value: ({ filter }: { filter: RegExp }, callback: Load) => loads.set(filter, callback),
    },
  });
  plugin.setup(recorder);
  return loads;
}
