// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` with their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

/** The `<title>` of index.html. After a hot update, the router has already put the title of a page in front of it. */
const documentTitle = document.title.split(" · ").at(-1) ?? "";
/** The name of the project: `PUBLIC_TITLE`, or else the `<title>` of index.html. */
export const title = setting(() => process.env.PUBLIC_TITLE, documentTitle);
