// The live feed: shows the newest messages, then each new one; it reconnects and resumes automatically.
import { api } from "./client.ts";
import { create, find } from "./elements.ts";

interface Message {
  readonly text: string;
  readonly at: string;
}

/** Messages that stay on the page; older ones are removed. */
const MAX_SHOWN = 200;

const list = find("messages", HTMLOListElement);
const empty = find("empty", HTMLParagraphElement);
const status = find("status", HTMLParagraphElement);
const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Loads the newest messages and subscribes to everything after them. */
export async function openFeed(): Promise<void> {
  setStatus("connecting", "Connecting…");
  try {
    const response = await api.messages.$get({ query: { from: "end", limit: "50" } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { items } = await response.json();
    list.replaceChildren();
    empty.hidden = false;
    for (const message of items) show(message);
    subscribe(items.at(-1)?.id ?? "0");
  } catch {
    setStatus("offline", "Offline. Trying again…");
    retry(openFeed);
  }
}

/** The browser reconnects after an interruption, and sends the id of the last event. */
function subscribe(lastEventId: string): void {
  let last = lastEventId;
  const source = new EventSource(api.events.$url({ query: { lastEventId } }));
  source.onopen = () => setStatus("live", "Live");
  source.addEventListener("message", (event) => {
    last = event.lastEventId;
    show(JSON.parse(event.data));
  });
  source.addEventListener("gap", () => {
    source.close();
    void openFeed();
  });
  source.onerror = () => {
    setStatus("offline", "Reconnecting…");
    // After an error response, e.g. a 503, the browser does not reconnect.
    if (source.readyState === EventSource.CLOSED) retry(() => subscribe(last));
  };
}

function show({ text, at }: Message): void {
  const isAtBottom = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const when = create("time", "", time.format(new Date(at)));
  when.dateTime = at;
  list.append(create("li", "", create("p", "", text), when));
  while (list.children.length > MAX_SHOWN) list.firstElementChild?.remove();
  empty.hidden = true;
  if (isAtBottom) list.scrollTop = list.scrollHeight;
}

function setStatus(state: "connecting" | "live" | "offline", text: string): void {
  status.dataset.state = state;
  status.textContent = text;
}

/** Retries after one to three seconds: the jitter keeps all pages from reconnecting simultaneously. */
function retry(action: () => void): void {
  setTimeout(action, 1000 + Math.random() * 2000);
}
