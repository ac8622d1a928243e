// The contract of `Presence`, which both implementations fulfil.
import { afterEach, describe, expect, test } from "bun:test";
import type { User } from "../src/protocol.ts";
import { until } from "./server.ts";
import { engines, setUp } from "./stores.ts";

const ada = { user: { id: "a", name: "Ada" } };
const bob = { user: { id: "b", name: "Bob" } };
const another = ({ user }: { readonly user: User }) => ({ user });

for (const engine of engines) {
  describe.skipIf(engine.skip)(engine.name, () => {
    const cleanups: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });
    const open = () => setUp(engine, cleanups);

    test("joining and leaving is announced once per user, and can be repeated", async () => {
      const { presence, recorder } = await open();
      expect(await presence.join("general", ada)).toEqual([ada.user]);
      const both = expect.arrayContaining([ada.user, bob.user]);
      expect(await presence.join("general", bob)).toEqual(both);
      expect(await presence.join("general", bob)).toEqual(both);
      const tab = another(bob);
      await presence.join("general", tab);
      await presence.leave("general", bob);
      await presence.leave("general", bob);
      expect(await presence.join("general", ada)).toEqual(both);
      await presence.leave("general", tab);
      await presence.leave("general", tab);
      const frames = () => recorder.frames("room:general");
      await until(() => frames().at(-1)?.type === "user-left", "everything is delivered");
      expect(frames()).toEqual([
        { type: "user-joined", room: "general", user: ada.user },
        { type: "user-joined", room: "general", user: bob.user },
        { type: "user-left", room: "general", user: bob.user },
      ]);
    });

    test("a user who joins with another name is renamed", async () => {
      const { presence, recorder } = await open();
      await presence.join("general", ada);
      const renamed = { user: { id: "a", name: "Countess" } };
      expect(await presence.join("general", renamed)).toEqual([renamed.user]);
      const joined = () => recorder.frames("room:general");
      await until(() => joined().length === 2, "the name is announced");
      expect(joined()[1]).toEqual({ type: "user-joined", room: "general", user: renamed.user });
    });

    test("a join has been delivered when it returns", async () => {
      const { presence, recorder } = await open();
      for (let i = 1; i <= 20; i++) {
        await presence.join("general", { user: { id: `u${i}`, name: `User ${i}` } });
        expect(recorder.frames("room:general")).toHaveLength(i);
      }
    });
    // #region private

    test("a user is online from the first connection to the last one", async () => {
      const { presence } = await open();
      const tab = another(ada);
      await presence.connect(ada);
      await presence.connect(tab);
      await presence.disconnect(ada);
      expect(await presence.isOnline("a")).toBe(true);
      // A name is not an id.
      expect(await presence.isOnline("Ada")).toBe(false);
      await presence.disconnect(tab);
      expect(await presence.isOnline("a")).toBe(false);
    });
    // #endregion

    test("frames and signals reach every node", async () => {
      const { bus, recorder } = await open();
      const delivery = { topic: "user:a", frame: '{"type":"pong","ref":1}' };
      await bus.publish(delivery);
      await bus.signal({ type: "end-session", session: "s" });
      await until(() => recorder.signals.length > 0, "everything is delivered");
      expect(recorder.deliveries).toEqual([delivery]);
      expect(recorder.signals).toEqual([{ type: "end-session", session: "s" }]);
    });
  });
}
