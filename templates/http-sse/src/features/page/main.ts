// Entry point of the page: opens the feed of the chosen topic, and posts messages to it.
import { api, RequestError, send } from "./client.ts";
import { find } from "./elements.ts";
import { openFeed } from "./feed.ts";
// #region jobs
import { resumeJobs } from "./jobs.ts";
// #endregion
// #region auth
import { openTokenForm } from "./token.ts";
// #endregion
// #region uploads
import { openUploads } from "./uploads.ts";

// #endregion

const topicForm = find("watch", HTMLFormElement);
const topicInput = find("topic", HTMLInputElement);
const form = find("post", HTMLFormElement);
const input = find("text", HTMLInputElement);
const error = find("post-error", HTMLParagraphElement);

/** The topic is in the address of the page: it stays after a reload, and can be shared. */
let topic = new URLSearchParams(location.search).get("topic") || "general";

/** The Idempotency-Key of each message that was sent but not acknowledged, by its JSON: a retry stores it only once. */
const keys = new Map<string, string>();

function watch(chosen: string): void {
  topic = chosen;
  topicInput.value = topic;
  const url = topic === "general" ? "./" : `?topic=${encodeURIComponent(topic)}`;
  history.replaceState(null, "", url);
  openFeed(topic);
}

topicForm.addEventListener("submit", (event) => {
  event.preventDefault();
  watch(topicInput.value.trim() || "general");
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const text = input.value;
  const json = { text, topic };
  const message = JSON.stringify(json);
  const key = keys.get(message) ?? randomKey();
  keys.set(message, key);
  try {
    await send(api.messages.$post({ header: { "idempotency-key": key }, json }));
    keys.delete(message);
    // Keep what the user has typed since.
    if (input.value === text) input.value = "";
  } catch (cause) {
    error.textContent = cause instanceof Error ? cause.message : String(cause);
    // The message of this key was deleted, so another attempt is a new message.
    if (cause instanceof RequestError && cause.status === 410) keys.delete(message);
  }
});

/** Browsers have `randomUUID` only on HTTPS and localhost. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}

watch(topic);
// #region auth
openTokenForm(() => watch(topic));
// #endregion
// #region uploads
openUploads();
// #endregion
// #region jobs
resumeJobs();
// #endregion
