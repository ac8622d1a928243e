// The contract of `Presence`, which both implementations fulfil.
import { afterEach, describe, expect, test } from "bun:test";
import type { User } from "../src/protocol.ts";
// #region private
import { randomId } from "../src/random-id.ts";
// #endregion
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

    test("an online user is found by id, or by a name that no other online user has", async () => {
      const { presence } = await open();
      const zoe = { user: { id: randomId(), name: "Zoë" } };
      await presence.connect(zoe);
      await presence.connect(bob);
      expect(await presence.findUser(zoe.user.id)).toEqual(zoe.user);
      expect(await presence.findUser("Bob")).toEqual(bob.user);
      expect(await presence.findUser("Zoe\u0308")).toEqual(zoe.user);
      await presence.connect({ user: { id: randomId(), name: "Bob" } });
      expect(await presence.findUser("Bob")).toBeUndefined();
      await presence.disconnect(zoe);
      expect(await presence.findUser(zoe.user.id)).toBeUndefined();
      await presence.connect({ user: { id: randomId(), name: zoe.user.id } });
      expect(await presence.findUser(zoe.user.id)).toBeUndefined();
    });

    test("an id of any form is not taken for the name of another user", async () => {
      const { presence } = await open();
      const impostor = { user: { id: "7", name: "42" } };
      await presence.connect(impostor);
      expect(await presence.findUser({ id: "42" })).toBeUndefined();
      expect(await presence.findUser("42")).toEqual(impostor.user);
      const owner = { user: { id: "42", name: "Ada" } };
      await presence.connect(owner);
      expect(await presence.findUser({ id: "42" })).toEqual(owner.user);
      expect(await presence.findUser("42")).toEqual(owner.user);
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
