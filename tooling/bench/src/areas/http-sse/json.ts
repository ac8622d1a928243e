// GET /api/messages?limit=1 under load: the same rows, the same query, the same bytes.
import { Database } from "bun:sqlite";
import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { httpLoad } from "../../load.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import { postMessage, startStarter } from "./starter.ts";

const MESSAGES = 50;
const BARE = join(import.meta.dir, "bare-messages.ts");
const PATH = "/api/messages?limit=1";

const dataOf = ({ folder }: Run) => join(folder, "data");
const databaseOf = ({ folder }: Run) => join(folder, "peers.db");
const bodyOf = ({ folder }: Run) => Bun.file(join(folder, "body.json"));

/** Fills the starter's log by its API, and a database for the peers with what the API then answers. */
async function prepare(run: Run): Promise<void> {
  await using starter = await startStarter(run, { LOG_LEVEL: "warn", DATA_DIR: dataOf(run) });
  for (let i = 1; i <= MESSAGES; i += 1) await postMessage(starter.url, `message ${i}`);
  await Bun.write(bodyOf(run), await fetch(starter.url + PATH));
  const all = await fetch(`${starter.url}/api/messages?limit=${MESSAGES}`);
  const { items } = (await all.json()) as {
    items: Record<"id" | "topic" | "text" | "at", string>[];
  };
  using database = new Database(databaseOf(run), { strict: true });
  database.run("PRAGMA journal_mode = WAL");
  database.run(
    "CREATE TABLE messages (seq INTEGER PRIMARY KEY, id TEXT, topic TEXT, text TEXT, at TEXT)",
  );
  const insert = database.prepare(
    "INSERT INTO messages (id, topic, text, at) VALUES ($id, $topic, $text, $at)",
  );
  for (const item of items) insert.run(item);
}

/** Load on a server that answers with the very body that the starter answers with. */
async function loading(run: Run, url: string) {
  const [expected, body] = [await bodyOf(run).text(), await (await fetch(url + PATH)).text()];
  if (body !== expected) throw new Error(`Expected ${expected}\nbut got  ${body}`);
  return () => httpLoad(url + PATH, run);
}

/** With its own copy of the messages, because a data folder belongs to one process. */
function starter(level: string, variables: Readonly<Record<string, string>> = {}): Contestant {
  return async (run) => {
    const DATA_DIR = await mkdtemp(join(run.folder, "data-"));
    await cp(dataOf(run), DATA_DIR, { recursive: true });
    const { url } = await startStarter(run, { LOG_LEVEL: level, DATA_DIR, ...variables });
    return loading(run, url);
  };
}

function peer(...command: readonly string[]): Contestant {
  return async (run) => {
    const env = { DATABASE: databaseOf(run) };
    return loading(run, (await run.start(command, { env })).url);
  };
}

export const json: Bench = {
  unit: "req/s",
  rounds: 21,
  warmups: 3,
  prepare,
  contestants: {
    "http-sse (warn)": starter("warn"),
    "http-sse (info)": starter("info"),
    "http-sse (warn, metrics)": starter("warn", { METRICS_PORT: "0" }),
    "bare Bun.serve": peer("bun", BARE),
    "bare, query planned once": peer("bun", BARE, "planned-once"),
    Hono: peer("bun", join(PEERS, "http-sse/hono.js")),
    Elysia: peer("bun", join(PEERS, "http-sse/elysia.js")),
    "Fastify on Node.js": peer("node", join(PEERS, "http-sse/fastify.js")),
  },
};
