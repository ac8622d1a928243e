// The worker pool alone: results, queue, progress, cancellation, crashes, timeouts.
import { heapStats } from "bun:jsc";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Pool, type PoolOptions } from "./pool.ts";
import type { JobError } from "./running-job.ts";

const pools: Pool<readonly number[], number>[] = [];
afterAll(() => {
  for (const pool of pools) pool.close();
});

/** A pool of workers that sum up numbers. */
function openPool(options: Partial<PoolOptions> = {}): Pool<readonly number[], number> {
  const worker = join(import.meta.dir, "sum.test-worker.ts");
  const pool = new Pool<readonly number[], number>({
    worker,
    size: 2,
    queue: 2,
    timeoutMs: 60_000,
    ...options,
  });
  pools.push(pool);
  return pool;
}

const { signal } = new AbortController();
/** Blocks its worker until the task is cancelled. */
const BLOCK = [254];

test("resolves with the results of its tasks, and reports their progress", async () => {
  const pool = openPool({ queue: 100 });
  const seen: number[] = [];
  const first = pool.run([1, 2, 3, 4], { signal, progress: (share) => seen.push(share) });
  const others = Array.from({ length: 20 }, (_, i) => pool.run([i], { signal }));
  expect(await first).toBe(10);
  expect(seen).toEqual([0.25, 0.5, 0.75, 1]);
  expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("refuses a task while all workers are busy and the queue is full", async () => {
  const pool = openPool();
  const blocked = new AbortController();
  const running = [1, 2].map(() => pool.run(BLOCK, { signal: blocked.signal }));
  const started: number[] = [];
  const queued = [3, 4].map((n) => pool.run([n], { signal, start: () => started.push(n) }));
  expect(pool.isFull).toBe(true);
  await expect(pool.run([5], { signal })).rejects.toThrow("the queue is full");
  expect(started).toEqual([]);
  blocked.abort(new Error("enough"));
  expect(await Promise.allSettled(running)).toMatchObject([
    { status: "rejected" },
    { status: "rejected" },
  ]);
  expect(await Promise.all(queued)).toEqual([3, 4]);
  expect(started).toEqual([3, 4]);
  expect(await pool.run([5], { signal })).toBe(5);
});

test("a cancelled task frees its slot, running or queued", async () => {
  const pool = openPool({ size: 1, queue: 2 });
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = pool.run(BLOCK, { signal: running.signal });
  const second = pool.run([2], { signal: waiting.signal });
  waiting.abort(new Error("left the queue"));
  await expect(second).rejects.toThrow("left the queue");
  const third = pool.run([3], { signal });
  running.abort(new Error("cancelled while running"));
  await expect(first).rejects.toThrow("cancelled while running");
  expect(await third).toBe(3);
  const aborted = AbortSignal.abort(new Error("cancelled before"));
  await expect(pool.run([4], { signal: aborted })).rejects.toThrow("cancelled before");
  expect(await pool.run([5], { signal })).toBe(5);
});

test("a worker that exits, throws or hangs fails its task and is replaced", async () => {
  const pool = openPool({ size: 1, queue: 10, timeoutMs: 2000 });
  for (const [deadly, code] of [
    [255, undefined],
    [253, undefined],
    [254, "timeout"],
  ] as const) {
    const lost = pool.run([1, deadly], { signal });
    const next = pool.run([1, 1], { signal });
    const error = await lost.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect((error as Partial<JobError>).code).toBe(code);
    expect(await next).toBe(2);
  }
});

test("a worker that cannot start, or a task that cannot be sent, frees its slot", async () => {
  const unstartable = openPool({ size: 1, worker: Symbol("no module") as never });
  for (let i = 0; i < 2; i++) await expect(unstartable.run([1], { signal })).rejects.toThrow();
  const pool = openPool({ size: 1 });
  const task = [() => 1] as never;
  await expect(pool.run(task, { signal })).rejects.toThrow();
  expect(await pool.run([1], { signal })).toBe(1);
});

test("a task that was cancelled before it started does not time out later", async () => {
  const pool = openPool({ size: 1, timeoutMs: 1 });
  const rejections: unknown[] = [];
  const collect = (reason: unknown) => rejections.push(reason);
  process.on("unhandledRejection", collect);
  try {
    await expect(pool.run([1], { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow(
      "no",
    );
    await Bun.sleep(50);
  } finally {
    process.off("unhandledRejection", collect);
  }
  expect(rejections).toEqual([]);
});

test("finished tasks leave no promises behind", async () => {
  const pool = openPool({ size: 1 });
  const promises = async (tasks: number) => {
    for (let i = 0; i < tasks; i++) await pool.run([1], { signal });
    Bun.gc(true);
    return heapStats().objectTypeCounts.Promise ?? 0;
  };
  const before = await promises(100);
  expect((await promises(1000)) - before).toBeLessThan(500);
});
