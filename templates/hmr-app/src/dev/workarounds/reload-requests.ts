// Reloads the pages when a plugin requests it. A plugin does so during a build, and a page that reloads before the end of
// that build would get the previous one.
import type { ServerWebSocket } from "bun";
import { notice } from "#lib/log";
import { createHot } from "../../hot.ts";

type PageSockets = Set<ServerWebSocket<{ reloadsAfterBuild?: boolean }>>;

/** The first byte of the message that contains a finished build ("u"). */
const FINISHED_BUILD = 117;

const { data } = createHot<{ pageSockets: PageSockets }>("dev:reload-requests");
data.pageSockets ??= new Set();
/** The sockets of the open pages, which `hmr-relay.ts` adds and deletes. */
export const { pageSockets } = data;

export function reloadAfterBuild(reason: string): void {
  notice.info(`${reason}: reloading the page`);
  for (const socket of pageSockets) socket.data.reloadsAfterBuild = true;
}

/** Returns whether a message of the bundler contains a finished build. */
export function isFinishedBuild(message: ArrayBuffer): boolean {
  return new Uint8Array(message)[0] === FINISHED_BUILD;
}
