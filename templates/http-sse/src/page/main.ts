// The page: the feed, the form that posts to it, and the uploads.
import { find, problemText } from "./elements.ts";
import { openFeed } from "./feed.ts";

const form = find("post", HTMLFormElement);
const input = find("text", HTMLInputElement);
const error = find("post-error", HTMLParagraphElement);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const text = input.value;
  try {
    const response = await fetch("/api/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
    });
    if (!response.ok) {
      error.textContent = await problemText(response);
      return;
    }
    // What was typed meanwhile stays.
    if (input.value === text) input.value = "";
  } catch {
    error.textContent = "The server cannot be reached. Your text is kept; try again.";
  }
});

void openFeed();
