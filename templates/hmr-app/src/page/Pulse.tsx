// The state of the connection, the version of the server, and the number of clients.
import type { Live } from "./live.ts";

export function Pulse({ live: { connected, state } }: { readonly live: Live }) {
  return (
    <dl className="pulse" data-connected={connected}>
      <div>
        <dt>
          <span className="dot" aria-hidden="true" key={state?.beats} />
          <span role="status">{connected ? "Live" : "Waiting"}</span>
        </dt>
        <dd id="beats">{state ? duration(state.beats) : "–"}</dd>
      </div>
      <div>
        <dt>Server</dt>
        <dd id="version" key={state?.version}>
          {state?.version ?? "–"}
        </dd>
      </div>
      <div>
        <dt>Connected</dt>
        <dd id="clients">{state?.clients ?? "–"}</dd>
      </div>
    </dl>
  );
}

/** Seconds as minutes and seconds: 125 → 2:05. */
function duration(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
