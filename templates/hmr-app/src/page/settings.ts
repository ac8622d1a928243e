// The PUBLIC_ variables. Bun replaces `process.env.PUBLIC_…` with their values when it builds the page.

/** An unset variable is not replaced, and a browser has no `process`, so reading it throws. */
function setting(read: () => string | undefined, fallback: string): string {
  try {
    return read() || fallback;
  } catch {
    return fallback;
  }
}

/** The `<title>` of index.html. The router adds the title of the current page in front. */
const documentTitle = document.title.split(" · ").at(-1) ?? "";
/** The name of the project. */
export const title = setting(() => process.env.PUBLIC_TITLE, documentTitle);
