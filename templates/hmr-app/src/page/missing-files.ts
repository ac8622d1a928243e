// After a deployment, a file that a dynamic import needs may be gone. The tab then reloads, and gets the new build.
window.addEventListener("error", ({ error }) => reloadIfMissing(error));
window.addEventListener("unhandledrejection", ({ reason }) => reloadIfMissing(reason));

const KEY = "reloaded for a missing file";
/** Minimum milliseconds between two reloads: if the new build also lacks the file, the tab would reload endlessly. */
const PAUSE_MS = 60_000;

function reloadIfMissing(error: unknown): void {
  // Each browser words this error differently.
  const isMissing = /dynamically imported module|Importing a module script failed/.test(`${error}`);
  const isRecent = Date.now() - Number(sessionStorage.getItem(KEY)) < PAUSE_MS;
  if (!isMissing || isRecent) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
}
