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

/** The message that is being sent and its Idempotency-Key: a retry after a failure stores it only once. */
let attempt: { readonly topic: string; readonly text: string; readonly key: string } | undefined;

function watch(chosen: string): void {
  topic = chosen;
  topicInput.value = topic;
  history.replaceState(
    null,
    "",
    topic === "general" ? "./" : `?topic=${encodeURIComponent(topic)}`,
  );
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
  if (attempt?.text !== text || attempt.topic !== topic)
    attempt = { topic, text, key: randomKey() };
  try {
    const header = { "idempotency-key": attempt.key };
    await send(api.messages.$post({ header, json: { text, topic } }));
    attempt = undefined;
    // Keep what the user has typed since.
    if (input.value === text) input.value = "";
  } catch (cause) {
    error.textContent = cause instanceof Error ? cause.message : String(cause);
    // The message of this key was deleted, so another attempt is a new message.
    if (cause instanceof RequestError && cause.status === 410) attempt = undefined;
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
