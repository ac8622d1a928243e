// Defect: a page never gets the edits that were made after it was built and before its socket subscribed.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42041
// Workaround: when a page subscribes, compares its build with the latest one; if they differ, the page reloads.
import { fetchFromBundler } from "../bundler.ts";

/** The first byte of the message that confirms the subscription ("n"). */
const SUBSCRIBED = 110;

/** Returns whether a message of the bundler confirms the page's subscription to edits. */
export function isSubscription(message: ArrayBuffer): boolean {
  return new Uint8Array(message)[0] === SUBSCRIBED;
}

/** Returns the hex id of the build that a page shows, if this is the message in which the page sends it. */
export function buildOf(message: string | Buffer): string | undefined {
  return /^i([\da-f]+)$/.exec(message.toString())?.[1];
}

/** Returns whether the page was built again since `build`. The id of the build ends the file name of the page's script. */
export async function isStaleBuild(build: string): Promise<boolean> {
  const latest = await (await fetchFromBundler("/")).text();
  return !latest.includes(`${build}.js"`);
}
