// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` with their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

let documentTitle = document.title;
// When an edit evaluates this module again, the router has already changed the title of the document.
if (import.meta.hot) documentTitle = import.meta.hot.data.title ??= documentTitle;
/** The name of the project: `PUBLIC_TITLE`, or else the `<title>` of index.html. */
export const title = setting(() => process.env.PUBLIC_TITLE, documentTitle);
