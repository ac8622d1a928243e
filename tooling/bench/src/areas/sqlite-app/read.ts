// GET /api/articles/:id under load: the same row, the same statement, the same bytes.
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { httpLoad } from "../../load.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import { fill, optionsFor, STARTER } from "./starter.ts";

const ARTICLES = 10_000;
const PATH = "/api/articles/5000";

const dataOf = ({ folder }: Run) => join(folder, "data");

async function loading(run: Run, url: string) {
  const article = (await (await fetch(url + PATH)).json()) as { id: number };
  if (article.id !== 5000) throw new Error(`Got ${JSON.stringify(article)}`);
  return () => httpLoad(url + PATH, run);
}

function starter(level: string): Contestant {
  return async (run) => {
    const { url } = await run.start(STARTER, optionsFor(dataOf(run), { LOG_LEVEL: level }));
    return loading(run, url);
  };
}

function peer(runtime: string, program: string): Contestant {
  return async (run) => {
    const env = { DATABASE: join(dataOf(run), "app.db") };
    return loading(run, (await run.start([runtime, program], { env })).url);
  };
}

export const read: Bench = {
  unit: "req/s",
  rounds: 9,
  prepare: (run) => fill(dataOf(run), ARTICLES),
  contestants: {
    "sqlite-app (warn)": starter("warn"),
    "sqlite-app (info)": starter("info"),
    "bare Bun.serve": peer("bun", join(import.meta.dir, "bare-read.ts")),
    "Hono + Drizzle": peer("bun", join(PEERS, "sqlite-app/hono-drizzle.js")),
    "Fastify on Node.js": peer("node", join(PEERS, "sqlite-app/fastify.js")),
  },
};
