// The start page: two counters that show what survives an edit.
import { useState } from "react";
import { Counter } from "./Counter.tsx";
import logo from "./icon.svg";
// #region live
import { Pulse } from "./Pulse.tsx";
// #endregion
import { increment, useServerState } from "./server-state.ts";
import { title } from "./settings.ts";

export function Home() {
  const [clicks, setClicks] = useState(0);
  const { state, failure } = useServerState();
  return (
    <>
      <header>
        <img src={logo} alt="" width="56" height="56" />
        <h1>{title}</h1>
        <p className="lead">Increment both, then edit the code. Both keep their values.</p>
      </header>
      {/* #region live */}
      <Pulse />
      {/* #endregion */}
      <div className="counters">
        <Counter
          id="page-counter"
          label="In this page"
          value={clicks}
          onAdd={() => setClicks((count) => count + 1)}
        >
          State of a React component. Edit <code>src/page/Home.tsx</code>.
        </Counter>
        <Counter id="server-counter" label="On the server" value={state?.count} onAdd={increment}>
          State of the server. Edit <code>src/features/counter/</code>.
        </Counter>
      </div>
      {failure && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}
