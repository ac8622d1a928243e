// After a deployment, a file that a dynamic import needs may be gone. The tab then reloads, and gets the new build.
window.addEventListener("error", ({ error }) => reloadIfMissing(error));
window.addEventListener("unhandledrejection", ({ reason }) => reloadIfMissing(reason));

const KEY = "reloaded for a missing file";
/** Minimum milliseconds between two reloads: if the new build also lacks the file, the tab would reload endlessly. */
const PAUSE_MS = 60_000;

async function reloadIfMissing(error: unknown): Promise<void> {
  // Each browser words this error differently.
  const isMissing = /dynamically imported module|Importing a module script failed/.test(`${error}`);
  const isRecent = Date.now() - Number(sessionStorage.getItem(KEY)) < PAUSE_MS;
  if (!isMissing || isRecent) return;
  // Without the server, a reload would replace the tab by the browser's error page.
  const response = await fetch("/", { method: "HEAD" }).catch(() => undefined);
  if (!response?.ok) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
}
