// Whether the server is connected, which version of it, and since when.
import type { Live } from "./live.ts";

export function Pulse({ live: { connected, state } }: { readonly live: Live }) {
  return (
    <p className="pulse" data-connected={connected}>
      <span className="dot" aria-hidden="true" key={state?.beats} />
      <span role="status">{connected ? "Live" : "Connecting …"}</span>
      {state && (
        <>
          <span>
            Server <b id="version">{state.version}</b>
          </span>
          <span>
            up <b id="beats">{duration(state.beats)}</b>
          </span>
          <span>
            <b id="clients">{state.clients}</b> connected
          </span>
        </>
      )}
    </p>
  );
}

/** Seconds as minutes and seconds: 125 → 2:05. */
function duration(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
