// Each posted message to 500 open event streams: deliveries per second. The starter commits
// each message before it sends it, in groups; its peers do not store messages.
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { eventLoad } from "../../load.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import type { Service } from "../../service.ts";
import { startStarter } from "./starter.ts";

const READERS = 500;

function to500(start: (run: Run) => Promise<Service>): Contestant {
  return async (run) => {
    const { url } = await start(run);
    return () => eventLoad(url, { readers: READERS, seconds: run.seconds });
  };
}

export const fanOut: Bench = {
  unit: "deliveries/s",
  rounds: 15,
  contestants: {
    "http-sse": to500((run) => startStarter(run, { LOG_LEVEL: "warn" })),
    "bare Bun.serve": to500((run) => run.start(["bun", join(import.meta.dir, "bare-events.ts")])),
    "better-sse on Node.js": to500((run) =>
      run.start(["node", join(PEERS, "http-sse/better-sse.js")]),
    ),
  },
};

/** Posting to topics with five clients each: the streams of the other topics should cost nothing. */
function toTopics(topics: number): Contestant {
  return async (run) => {
    const { url } = await startStarter(run, { LOG_LEVEL: "warn" });
    return () => eventLoad(url, { readers: 5 * topics, topics, seconds: run.seconds });
  };
}

export const topics: Bench = {
  unit: "deliveries/s",
  rounds: 15,
  contestants: { "1 topic": toTopics(1), "100 topics": toTopics(100) },
};
