// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` with their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

// Kept, because the router has changed the title of the document when an edit evaluates this module again.
const documentTitle: string = import.meta.hot.data.title ?? document.title;
import.meta.hot.data.title = documentTitle;
/** The name of the project: `PUBLIC_TITLE`, or else the `<title>` of index.html. */
export const title = setting(() => process.env.PUBLIC_TITLE, documentTitle);
