// The live feed: the newest messages, then each new one; it reconnects and catches up by itself.
import { find, make } from "./elements.ts";

interface Message {
  readonly id: string;
  readonly text: string;
  readonly at: string;
}

/** Messages that stay on the page. */
const SHOWN = 200;

const list = find("messages", HTMLOListElement);
const empty = find("empty", HTMLParagraphElement);
const status = find("status", HTMLParagraphElement);
const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Loads the newest messages and follows from the last of them on. */
export async function openFeed(): Promise<void> {
  setStatus("connecting", "Connecting…");
  try {
    const response = await fetch("/api/messages?from=end&limit=50");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { items } = (await response.json()) as { items: Message[] };
    list.replaceChildren();
    empty.hidden = false;
    for (const message of items) show(message);
    follow(items.at(-1)?.id ?? "0");
  } catch {
    setStatus("offline", "Offline. Trying again…");
    later(openFeed);
  }
}

/** While the server is away the browser reconnects by itself, and sends the last id along. */
function follow(lastEventId: string): void {
  let last = lastEventId;
  const source = new EventSource(`/api/events?lastEventId=${encodeURIComponent(last)}`);
  source.onopen = () => setStatus("live", "Live");
  source.addEventListener("message", (event) => {
    last = event.lastEventId;
    show(JSON.parse(event.data));
  });
  source.addEventListener("gap", () => {
    source.close();
    openFeed();
  });
  source.onerror = () => {
    setStatus("offline", "Reconnecting…");
    if (source.readyState !== EventSource.CLOSED) return;
    // The server refused, e.g. because it was full: the browser has given up, the page has not.
    later(() => follow(last));
  };
}

function show({ text, at }: Message): void {
  const atBottom = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const when = make("time", "", time.format(new Date(at)));
  when.dateTime = at;
  list.append(make("li", "", make("p", "", text), when));
  while (list.children.length > SHOWN) list.firstElementChild?.remove();
  empty.hidden = true;
  if (atBottom) list.scrollTop = list.scrollHeight;
}

function setStatus(state: "connecting" | "live" | "offline", text: string): void {
  status.dataset.state = state;
  status.textContent = text;
}

/** In one to three seconds: not all pages at the same moment. */
function later(action: () => void): void {
  setTimeout(action, 1000 + Math.random() * 2000);
}
