// State that survives a hot reload, and the version of the code that reads it.
import type { ServerWebSocket } from "bun";
import { createHot } from "../../hot.ts";

interface Kept {
  count: number;
  beats: number;
  startedAt: string;
  evaluations: number;
  clients: Set<ServerWebSocket<unknown>>;
}

const { data } = createHot<Kept>("test counter");
data.evaluations = (data.evaluations ?? 0) + 1;
const version = `v${data.evaluations}`;
data.clients ??= new Set();
export const { clients } = data;

export const state: Kept = Object.assign(data, {
  count: data.count ?? 0,
  beats: data.beats ?? 0,
  startedAt: data.startedAt ?? new Date().toISOString(),
  evaluations: data.evaluations,
  clients,
});

export function currentState() {
  const { count, beats, startedAt } = state;
  return { version, count, beats, startedAt };
}

export type State = ReturnType<typeof currentState>;

export function broadcast(): void {
  for (const client of clients) client.send(JSON.stringify(currentState()));
}
