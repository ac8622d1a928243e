// The server's state, which survives a hot reload. All of it is sent to clients.
import packageJson from "../../../package.json";
import { createHot } from "../../hot.ts";
import type { State } from "../../shared/state.ts";
// #region live
import { clients } from "../live/clients.ts";

// #endregion

const initial = {
  count: 0,
  // #region live
  beats: 0,
  // #endregion
};

const { data } = createHot<{ state: typeof initial; evaluations: number }>("counter");
data.evaluations = (data.evaluations ?? 0) + 1;
/**
 * After an edit, this is the same object as before, because the old code changes it until the new code serves. Its fields
 * keep their values; a field that the edit added gets its value from `initial`.
 */
export const state = Object.assign(data.state ?? {}, { ...initial, ...data.state });
data.state = state;

const isDevelopment = process.env.NODE_ENV === "development";
const version = isDevelopment ? `dev-${data.evaluations}` : packageJson.version;

export function currentState(): State {
  return {
    version,
    ...state,
    // #region live
    clients: clients.size,
    // #endregion
  };
}
