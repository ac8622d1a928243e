// Typing indicators.
import { describe, expect, test } from "bun:test";
import { ChatServer } from "./server.ts";
import { Socket } from "./socket.ts";

const server = ChatServer.shared();

let rooms = 0;
const newRoom = () => `room-${++rooms}`;
const open = (name: string) => Socket.open(server.url, name);

describe("typing", () => {
  test("reaches all members, throttled", async () => {
    const room = newRoom();
    using ada = await open("Ada");
    using bob = await open("Bob");
    await ada.join(room);
    await bob.join(room);
    for (let i = 0; i < 20; i++) ada.send({ type: "typing", room });
    expect(await bob.next("typing")).toEqual({ type: "typing", room, from: ada.you });
    await Promise.all([ada.settled(), bob.settled()]);
    expect(bob.all("typing").length).toBeLessThan(20);
    expect(ada.all("typing")).toEqual(bob.all("typing"));
  });

  test("in a room that was not joined is an error", async () => {
    using ada = await open("Ada");
    ada.send({ type: "typing", room: newRoom() });
    expect(await ada.next("error")).toMatchObject({ code: "not_in_room" });
  });
});
