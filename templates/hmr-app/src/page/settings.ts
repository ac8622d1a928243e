// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` by their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

export const title = setting(() => process.env.PUBLIC_TITLE, "hmr-app");
