// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` with their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

/** The title and the heading of the page; by default the `<title>` of index.html. */
export const title = setting(() => process.env.PUBLIC_TITLE, document.title);
