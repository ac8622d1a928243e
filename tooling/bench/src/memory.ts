// Resident memory of a process: now, and the peak during some work.
import { readFile } from "node:fs/promises";

const SAMPLE_MS = 10;

/** Resident memory of the process, in bytes. @throws if the process does not exist. */
export async function residentBytes(pid: number): Promise<number> {
  const kib = process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
  if (kib === 0) throw new Error(`There is no process ${pid}.`);
  return kib * 1024;
}

/** Peak resident memory in bytes, sampled every 10 ms until `work` is done. */
export async function peakBytes(pid: number, work: Promise<unknown>): Promise<number> {
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  let peak = await residentBytes(pid);
  while (working) {
    await Promise.race([Bun.sleep(SAMPLE_MS), done]);
    peak = Math.max(peak, await residentBytes(pid));
  }
  await done;
  return peak;
}

/** Uses `node:fs`, because files in /proc report a size of 0, which `Bun.file` trusts. */
async function fromProc(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

async function fromPs(pid: number): Promise<number> {
  const ps = Bun.spawn(["ps", "-o", "rss=", "-p", String(pid)]);
  return Number(await ps.stdout.text());
}
