// Preloaded by a test: reverses the fields of events and messages, as a user of the starter may reorder them.
import { plugin } from "bun";

plugin({
  name: "reversed-fields",
  setup(build) {
    build.onLoad({ filter: /src\/features\/chat\/room-log\/change\.ts$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      const contents = `${source.replace("export function changeOf", "function original")}
        const reverse = (fields: object) => Object.fromEntries(Object.entries(fields).reverse());
        export function changeOf(...args: Parameters<typeof original>) {
          const { event, message, isEffective } = original(...args);
          return { event: reverse(event), message: message && reverse(message), isEffective };
        }`;
      return { loader: "ts", contents };
    });
  },
});
