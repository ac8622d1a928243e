// Preloaded by a test: reverses the fields of events and messages, as a user of the starter may reorder them.
import { plugin } from "bun";

plugin({
  name: "reversed-fields",
  setup(build) {
    build.onLoad({ filter: /src\/features\/redis\/room-log\.ts$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      const contents = `${source.replace("function encodeFields", "function original")}
        function encodeFields(fields: Parameters<typeof original>[0]) {
          return original(Object.fromEntries(Object.entries(fields).reverse()));
        }`;
      return { loader: "ts", contents };
    });
  },
});
