// Defect: a page whose development server was replaced reloads only after several seconds of failed connections.
// Bun 1.4.5, no issue found.
// Workaround: sends the message that announces another server version. Bun's script in the page then reloads it.

/** A hello message ("V") with a version that never equals that of the page. */
export const RELOAD_MESSAGE = Buffer.from("Vreload");
