// After a deployment, a file that a dynamic import needs may be gone. The tab then reloads, and gets the new build.
window.addEventListener("error", ({ error }) => reloadIfMissing(error));
window.addEventListener("unhandledrejection", ({ reason }) => reloadIfMissing(reason));

/** The message of an import whose file is missing, which each browser words differently. */
const MISSING = /dynamically imported module|Importing a module script failed/;
/** Milliseconds between two reloads. Otherwise the tab would reload endlessly if the new build also lacks the file. */
const PAUSE_MS = 60_000;

async function reloadIfMissing(error: unknown): Promise<void> {
  const isMissing = error instanceof Error && MISSING.test(error.message);
  if (!isMissing || wasJustReloaded()) return;
  // Without the server, a reload would replace the tab by the browser's error page.
  const response = await fetch("/", { method: "HEAD" }).catch(() => undefined);
  if (response?.ok) location.reload();
}

function wasJustReloaded(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  const isReload = (navigation as PerformanceNavigationTiming | undefined)?.type === "reload";
  return isReload && performance.now() < PAUSE_MS;
}
