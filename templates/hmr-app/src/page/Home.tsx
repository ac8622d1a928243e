// The start page: what is live, and two counters to see what survives an edit.
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
        <Pulse live={live} />
        <h1>{title}</h1>
        <p className="lead">Count up on both sides, then change some code. Nothing is lost.</p>
      </header>
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
          Shared by every client. Survives edits of <code>src/server/</code>.
        </Counter>
      </div>
      <ul className="hints">
        <li>
          <code>src/page/Home.tsx</code> changes this text, and the counters stay.
        </li>
        <li>
          <code>src/page/style.css</code> changes the colours without a reload.
        </li>
        <li>
          <code>src/server/api.ts</code> changes the version above; the connection stays.
        </li>
      </ul>
    </main>
  );
}
