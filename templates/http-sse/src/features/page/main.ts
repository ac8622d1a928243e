// The page: the feed, the form that posts to it, and the uploads.
import { find, problemText } from "./elements.ts";
import { openFeed } from "./feed.ts";
import { openUploads } from "./upload.ts";

const form = find("post", HTMLFormElement);
const input = find("text", HTMLInputElement);
const error = find("post-error", HTMLParagraphElement);

/** The key of what is being sent: when it is sent again after a failure, it is stored only once. */
let attempt = { text: "", key: "" };

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const text = input.value;
  if (attempt.text !== text) attempt = { text, key: newKey() };
  try {
    const response = await fetch("/api/messages", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": attempt.key },
      body: JSON.stringify({ text }),
    });
    if (!response.ok) {
      error.textContent = await problemText(response);
      return;
    }
    attempt = { text: "", key: "" };
    // What was typed meanwhile stays.
    if (input.value === text) input.value = "";
  } catch {
    error.textContent = "The server cannot be reached. Your text is kept; post it again.";
  }
});

/** Not randomUUID: browsers have it only on HTTPS and localhost. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}

openUploads();
void openFeed();
