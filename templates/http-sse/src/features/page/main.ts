// The page: the live feed and the form that posts messages.
import { api, problemText } from "./client.ts";
import { find } from "./elements.ts";
import { openFeed } from "./feed.ts";
// #region uploads
import { openUploads } from "./uploads.ts";

// #endregion

const form = find("post", HTMLFormElement);
const input = find("text", HTMLInputElement);
const error = find("post-error", HTMLParagraphElement);

/** The message that is being sent and its Idempotency-Key: a retry after a failure stores it only once. */
let attempt = { text: "", key: "" };

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const text = input.value;
  if (attempt.text !== text) attempt = { text, key: randomKey() };
  try {
    const header = { "idempotency-key": attempt.key };
    const response = await api.messages.$post({ header, json: { text } });
    if (!response.ok) {
      error.textContent = await problemText(response);
      return;
    }
    attempt = { text: "", key: "" };
    // Keep what the user has typed since.
    if (input.value === text) input.value = "";
  } catch {
    error.textContent = "The server cannot be reached. Your text is kept; post it again.";
  }
});

/** Browsers have `randomUUID` only on HTTPS and localhost. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}

void openFeed();
// #region uploads
openUploads();
// #endregion
