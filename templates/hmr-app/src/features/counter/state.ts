// The server's state, which survives a hot reload. All of it is sent to clients.
import packageJson from "../../../package.json";
import { hot } from "../../hot.ts";
import type { State } from "../../shared/state.ts";
import { clients } from "../live/clients.ts";

const initial = {
  version: packageJson.version,
  count: 0,
  beats: 0,
  startedAt: new Date().toISOString(),
};
const stored = hot.data("state", () => initial);

/** A field that an edit adds starts with its initial value; the others keep theirs. */
export const state = Object.assign(stored, { ...initial, ...stored });

export function currentState(): State {
  return { ...state, clients: clients.size };
}
