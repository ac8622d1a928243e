// Preloaded by a test: replaces src/can-join.ts as a user of the starter would.
import { plugin } from "bun";

plugin({
  name: "guarded-rooms",
  setup(build) {
    build.onLoad({ filter: /src\/can-join\.ts$/ }, () => ({
      loader: "ts",
      contents: `export async function canJoin(user, room) {
        await Bun.sleep(1);
        if (room === "slow") await new Promise(() => {});
        if (room === "broken") throw new Error("The directory is down.");
        return room !== "ada-only" || user.name === "Ada";
      }`,
    }));
  },
});
