// The type of a variable that lists origins of other web pages and apps.
import { list } from "./env.ts";

/** A list of origins as browsers and apps send them in `Origin`: scheme, host and port, no path and no wildcard. */
export function origins() {
  return list().refine((items) => items.every(isOrigin), {
    error: "must be origins such as https://app.example.com, separated by commas",
  });
}

/** `URL.origin` is "null" for the schemes of apps, such as `tauri://localhost`. */
function isOrigin(text: string): boolean {
  const { protocol, host = "" } = URL.parse(text) ?? {};
  return host !== "" && !host.includes("*") && text === `${protocol}//${host}`;
}
