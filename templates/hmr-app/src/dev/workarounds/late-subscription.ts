// Defect: a page never gets the edits that were made after it was built and before its socket subscribed.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42041
// Workaround: when a page subscribes, compares its build with the latest one; if they differ, the page reloads.
import { createHot } from "../../hot.ts";
import { fetchFromBundler } from "../bundler.ts";

/** The first byte of the message that confirms the subscription ("n"). */
const SUBSCRIBED = 110;
const POLL_MS = 20;
/** Milliseconds after which a page reloads even if it was not built again. */
const MAX_BUILD_MS = 5000;

/** `page` is the HTML that the bundler returned most recently. */
const { data } = createHot<{ page: string }>("late subscription");

/** Returns whether a message of the bundler confirms the page's subscription to edits. */
export function isSubscription(message: ArrayBuffer): boolean {
  return new Uint8Array(message)[0] === SUBSCRIBED;
}

/** Returns the build that a page shows, if this is the message in which the page names it. */
export function buildOf(message: string | Buffer): string | undefined {
  return /^i([\da-f]+)$/.exec(message.toString())?.[1];
}

/** Returns whether the page was built again since `build`, which is the end of the name of its script. */
export async function isStaleBuild(build: string): Promise<boolean> {
  return !(await latestPage()).includes(`${build}.js"`);
}

/** Waits until the bundler serves another page, at most `MAX_BUILD_MS`. A page that reloads earlier would get the previous build. */
export async function nextBuild(): Promise<void> {
  const deadline = Date.now() + MAX_BUILD_MS;
  const previous = data.page;
  while ((await latestPage()) === previous && Date.now() < deadline) await Bun.sleep(POLL_MS);
}

async function latestPage(): Promise<string> {
  const page = await (await fetchFromBundler("/")).text();
  data.page = page;
  return page;
}
