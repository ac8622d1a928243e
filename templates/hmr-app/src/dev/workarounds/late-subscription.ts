// Defect: a page never gets the edits that were made after it was built and before its socket subscribed.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42041
// Workaround: compares the page as it was served with the page when it subscribes; if they differ, the page reloads.
// Each build of the page has other script URLs.
import { createHot } from "../../hot.ts";
import { fetchFromBundler } from "../bundler.ts";

/** The first byte of the message that confirms the subscription ("n"). */
const SUBSCRIBED = 110;
const POLL_MS = 20;

const { data } = createHot<{ served: string }>("late subscription");

/** Call this with each page that is served. */
export function rememberPage(html: string): void {
  data.served = html;
}

/** Returns whether a message of the bundler confirms the page's subscription to edits. */
export function isSubscription(message: ArrayBuffer): boolean {
  return new Uint8Array(message)[0] === SUBSCRIBED;
}

/** Returns whether the page was built again since it was last served. */
export async function isStalePage(): Promise<boolean> {
  const page = await fetchFromBundler("/");
  return (await page.text()) !== data.served;
}

/** Resolves once the page was built again. A page that reloads earlier would get the previous build. */
export async function nextBuild(): Promise<void> {
  while (!(await isStalePage())) await Bun.sleep(POLL_MS);
}
