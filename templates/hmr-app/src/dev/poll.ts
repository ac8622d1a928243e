// DEV_POLL: polls the server's code, for file systems without events, such as a folder of the host in a container.
import { createHot } from "../hot.ts";
import { fingerprint, SERVER_FILES } from "./fingerprint.ts";
import { reevaluate } from "./reevaluate.ts";

const POLL_MS = 300;

const { data } = createHot<{ latest: string; timer: Timer }>("dev:poll");

/** Evaluates the server again after each edit in src/, except in src/page/. */
export async function pollServer(isEnabled: boolean): Promise<void> {
  // Not in `dispose`, because polling must outlive code that fails to start.
  clearTimeout(data.timer);
  delete data.timer;
  if (!isEnabled) return;
  // Kept across evaluations: otherwise an edit between two of them would be missed.
  data.latest ??= await fingerprint(SERVER_FILES);
  const timer = setTimeout(async () => {
    const current = await fingerprint(SERVER_FILES);
    // The polling may have ended during the scan.
    if (data.timer !== timer) return;
    if (current !== data.latest && reevaluate()) data.latest = current;
    timer.refresh();
  }, POLL_MS);
  data.timer = timer;
}
