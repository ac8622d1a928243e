// The state of the connection, the version of the server, and the number of clients.
import "./live.ts";
import { useServerState } from "./server-state.ts";

export function Pulse() {
  const { state, isConnected } = useServerState();
  return (
    <dl className="pulse" data-connected={isConnected}>
      <div>
        <dt>
          <span className="dot" aria-hidden="true" />
          Connection
        </dt>
        <dd role="status">{isConnected ? "Live" : "Waiting"}</dd>
      </div>
      <div>
        <dt>Server</dt>
        <dd id="version">{state?.version ?? "–"}</dd>
      </div>
      <div>
        <dt>Clients</dt>
        <dd id="clients">{state?.clients ?? "–"}</dd>
      </div>
    </dl>
  );
}
