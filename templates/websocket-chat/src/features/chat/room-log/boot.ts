// Identifies the boot of the machine, to notice a restart, after which the latest commits may be missing.
import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** Boot times that differ by less are the same boot: the clock may have been adjusted since. */
const TOLERANCE_MS = 60_000;

/** Linux has an id per boot. Elsewhere it is the time of the boot, in milliseconds. */
export function currentBoot(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return String(Date.now() - uptime() * 1000);
  }
}

export function isSameBoot(a: string, b: string): boolean {
  return a === b || Math.abs(Number(a) - Number(b)) < TOLERANCE_MS;
}
