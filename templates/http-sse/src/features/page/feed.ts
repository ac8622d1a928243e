// The live feed of a topic: shows the newest messages, then each new one; it reconnects and resumes automatically.
import type { TextMessage } from "../messages/routes.ts";
import { api, openEvents, RequestError, send } from "./client.ts";
import { create, createButton, find } from "./elements.ts";

/** Messages that stay on the page; older ones are removed. */
const MAX_SHOWN = 200;
/** Milliseconds to wait for the newest messages: events are kept in memory until then. */
const LOAD_TIMEOUT_MS = 10_000;
/**
 * The id to resume from if the topic had no message. A store that knows this id starts with the oldest message. Any other
 * store sends `gap`, after which the feed loads again.
 */
const START = "0";

const list = find("messages", HTMLOListElement);
const empty = find("empty", HTMLParagraphElement);
const status = find("status", HTMLParagraphElement);
const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const shown = new Map<string, HTMLLIElement>();

/** Closes the feed that is open. */
let close: () => void = () => undefined;

/** Shows the messages of a topic or a prefix, instead of the ones that are shown now. */
export function openFeed(topic: string): void {
  close();
  const ended = new AbortController();
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  close = () => {
    ended.abort();
    source?.close();
    clearTimeout(retry);
  };
  /** Id from which a new connection resumes; undefined if it must load the newest messages first. */
  let last: string | undefined;
  /** Events that arrive while the newest messages are loaded; undefined once those are shown. */
  let waiting: (() => void)[] | undefined;
  const whenLoaded = (action: () => void) => (waiting ? waiting.push(action) : action());

  const connect = () => {
    source?.close();
    if (last === undefined) waiting = [];
    source = openEvents([topic], last);
    source.onopen = () => {
      setStatus("live", "Live");
      if (waiting) void load(waiting);
    };
    source.addEventListener("message", (event) => {
      last = event.lastEventId;
      whenLoaded(() => show(JSON.parse(event.data)));
    });
    source.addEventListener("deleted", (event) => {
      last = event.lastEventId;
      whenLoaded(() => remove(JSON.parse(event.data).id));
    });
    source.addEventListener("gap", () => {
      last = undefined;
      connect();
    });
    source.onerror = () => {
      setStatus("offline", "Reconnecting…");
      // After an error response, e.g. a 503, the browser does not reconnect.
      if (source?.readyState === EventSource.CLOSED) void explain();
    };
  };
  const query = { topic, from: "end", limit: "50" } as const;
  const fetchNewest = () => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(LOAD_TIMEOUT_MS)]);
    return send(api.messages.$get({ query }, { init: { signal } }));
  };
  /** Shows the newest messages, then `events`. If the messages cannot be loaded, the feed starts again. */
  const load = async (events: readonly (() => void)[]) => {
    try {
      const { items } = await fetchNewest();
      if (ended.signal.aborted || waiting !== events) return;
      clear();
      for (const message of items) show(message);
      // The id with which a stream starts is not an event, so the page does not learn it.
      last ??= items.at(-1)?.id ?? START;
      for (const action of events) action();
      waiting = undefined;
    } catch {
      if (ended.signal.aborted || waiting !== events) return;
      // While the stream is open, its events would fill the memory.
      source?.close();
      waiting = undefined;
      last = undefined;
      setStatus("offline", "Reconnecting…");
      void explain();
    }
  };
  /** Shows why the feed is interrupted. Retries after one to three seconds, unless the client may not read the topic. */
  const explain = async () => {
    const failed = source;
    const error: unknown = await fetchNewest().catch((error: unknown) => error);
    if (ended.signal.aborted || source !== failed) return;
    if (error instanceof RequestError && [401, 403, 422].includes(error.status ?? 0)) {
      clear();
      return setStatus("offline", error.message);
    }
    // The jitter keeps all pages from reconnecting simultaneously.
    clearTimeout(retry);
    retry = setTimeout(connect, 1000 + Math.random() * 2000);
  };

  setStatus("connecting", "Connecting…");
  clear();
  connect();
}

function show({ id, topic, text, at }: TextMessage): void {
  if (shown.has(id)) return;
  const isAtBottom = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const when = create("time", "", time.format(new Date(at)));
  when.dateTime = at;
  const button = createButton("Delete", `Delete: ${text.slice(0, 80)}`, () =>
    send(api.messages[":id"].$delete({ param: { id } })),
  );
  const item = create("li", "", create("p", "", text), create("small", "", topic), when, button);
  shown.set(id, item);
  list.append(item);
  const [oldest] = shown.keys();
  if (shown.size > MAX_SHOWN && oldest !== undefined) remove(oldest);
  empty.hidden = true;
  if (isAtBottom) list.scrollTop = list.scrollHeight;
}

function remove(id: string): void {
  shown.get(id)?.remove();
  shown.delete(id);
  empty.hidden = shown.size > 0;
}

function clear(): void {
  list.replaceChildren();
  shown.clear();
  empty.hidden = false;
}

function setStatus(state: "connecting" | "live" | "offline", text: string): void {
  status.dataset.state = state;
  status.textContent = text;
}
