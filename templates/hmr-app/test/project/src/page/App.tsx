// A page with one counter in the page and one on the server.
import { useState } from "react";
import { increment, useLive } from "./live.ts";
import { title } from "./settings.ts";

export function App() {
  const [clicks, setClicks] = useState(0);
  const live = useLive();
  return (
    <main>
      <header>
        <h1>{title}</h1>
        <p>Before any edit.</p>
      </header>
      <button type="button" id="page-counter" onClick={() => setClicks((count) => count + 1)}>
        <output>{clicks}</output>
      </button>
      <button type="button" id="server-counter" onClick={increment}>
        <output>{live?.count}</output>
      </button>
    </main>
  );
}
