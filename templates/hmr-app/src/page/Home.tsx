// The start page: the live state, and two counters that show what survives an edit.
import { useState } from "react";
import { Counter } from "./Counter.tsx";
import { increment, useLive } from "./live.ts";
import { Pulse } from "./Pulse.tsx";
import { title } from "./settings.ts";

export function Home() {
  const [clicks, setClicks] = useState(0);
  const live = useLive();
  return (
    <main className="home">
      <header>
        <h1>{title}</h1>
        <p className="lead">Count up on both sides, then change some code. Nothing is lost.</p>
      </header>
      <Pulse live={live} />
      <div className="counters">
        <Counter
          id="page-counter"
          label="In this page"
          value={clicks}
          onAdd={() => setClicks((count) => count + 1)}
        >
          Lives in a React component. Survives edits of <code>src/page/</code>.
        </Counter>
        <Counter
          id="server-counter"
          label="On the server"
          value={live.state?.count}
          onAdd={increment}
        >
          Shared by every client. Survives edits of <code>src/features/</code>.
        </Counter>
      </div>
      {live.failure && (
        <p className="failure" role="alert">
          {live.failure}
        </p>
      )}
      <ul className="hints">
        <li>
          <code>src/page/Home.tsx</code>
          Change this text: the counters stay.
        </li>
        <li>
          <code>src/page/style.css</code>
          Change a colour: nothing reloads.
        </li>
        <li>
          <code>src/features/counter/</code>
          Change the server: a new version, the same connection.
        </li>
      </ul>
    </main>
  );
}
