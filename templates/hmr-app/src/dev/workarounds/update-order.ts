// Defect: if two edits arrive in quick succession, the page may run the first one last, and then shows an old version. Each
// edit is an async script.
// Bun 1.4.5, no issue found.
// Workaround: adds to Bun's script in the page that these scripts run in the order in which they were added.

/** In minified code, where Bun's script has created the script element of an edit. */
const CREATED = /([\w$]+)\.className="bun-hmr-script"/;

export function runEditsInOrder(code: string): string {
  return code.replace(CREATED, "$&,$1.async=!1");
}
