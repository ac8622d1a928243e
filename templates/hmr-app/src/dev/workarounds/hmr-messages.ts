// Defects: (a) a page never gets the edits that were made after it was built and before its socket subscribed; (b) a page
// whose bundler was replaced reloads only after several seconds of failed connections.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42041 for (a), no issue found for (b)
// Workaround: reads the messages between a page and the bundler. (a) When a page subscribes, its build is compared with the
// latest one; if they differ, the page reloads. (b) A page reloads if it gets the message of a server of another version.
import type { ServerWebSocket } from "bun";
import { fetchFromBundler, reloadCount } from "../bundler.ts";

/** What is known of a page from its messages. */
export interface PageState {
  /** The hex id of the build that the page shows. */
  build?: string | undefined;
  /** `reloadCount()` when the page subscribed to edits; undefined before that. */
  reloadsBefore?: number;
}

type Page = ServerWebSocket<PageState>;

/** The first byte of the message that confirms the subscription to edits ("n"). */
const SUBSCRIBED = 110;
/** The first byte of the message that contains a finished build ("u"). */
const FINISHED_BUILD = 117;
/** A hello message ("V") with a version that never equals that of the page. */
const RELOAD = Buffer.from("Vreload");

/** Reads from a message of the page which build it shows. The page reloads if that is not the latest one. */
export function reloadIfPageIsStale(page: Page, message: string | Buffer): void {
  if (page.data.build) return;
  page.data.build = /^i([\da-f]+)$/.exec(message.toString())?.[1];
  reloadUnlessLatest(page);
}

/**
 * Reads a message of the bundler. After a build, the page reloads if a plugin has requested that since the page subscribed. When
 * the page subscribes, it reloads if it is stale.
 */
export function reloadAfterBuild(page: Page, message: ArrayBuffer): void {
  const type = new Uint8Array(message)[0];
  if (type === SUBSCRIBED && page.data.reloadsBefore === undefined) {
    page.data.reloadsBefore = reloadCount();
    reloadUnlessLatest(page);
  }
  // A plugin requests a reload during a build. A page that reloads before the end of that build would get the previous one.
  if (type === FINISHED_BUILD && reloadCount() !== page.data.reloadsBefore) reload(page);
}

/** Does nothing until the page has named its build and has subscribed. */
async function reloadUnlessLatest(page: Page): Promise<void> {
  const { build, reloadsBefore } = page.data;
  if (!build || reloadsBefore === undefined) return;
  // If the bundler cannot be asked, it has exited, and the page has to reload as well.
  const response = await fetchFromBundler("/").catch(() => undefined);
  const latest = await response?.text();
  // The id of the build ends the file name of the page's script.
  if (!latest?.includes(`${build}.js"`)) reload(page);
}

function reload(page: Page): void {
  sendReload(page);
  page.close();
}

export function sendReload(page: Page): void {
  page.sendBinary(RELOAD);
}
