// 64 clients in a room write, and each receives every message: deliveries per second.
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { type ChatLoadOptions, chatLoad } from "../../load.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import type { Service } from "../../service.ts";
import { startStarter } from "./starter.ts";

const CLIENTS = 64;

function among64(
  dialect: ChatLoadOptions["dialect"],
  start: (run: Run) => Promise<Service>,
): Contestant {
  return async (run) => {
    const { url } = await start(run);
    return () => chatLoad(url, { clients: CLIENTS, seconds: run.seconds, dialect });
  };
}

const node = (program: string) => (run: Run) =>
  run.start(["node", join(PEERS, "websocket-chat", program)]);

export const fanOut: Bench = {
  unit: "deliveries/s",
  contestants: {
    "websocket-chat": among64("chat", startStarter),
    "bare Bun publish": among64("echo", (run) =>
      run.start(["bun", join(import.meta.dir, "bare.ts")]),
    ),
    "ws on Node.js": among64("echo", node("ws.js")),
    "socket.io on Node.js": among64("socket.io", node("socket.io.js")),
  },
};
