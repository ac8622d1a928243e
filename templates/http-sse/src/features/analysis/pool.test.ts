// The worker pool alone: order, queue, progress, cancellation, crashes, timeouts.
import { heapStats } from "bun:jsc";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Pool, PoolFull, type PoolOptions, type Source, WorkerFailed } from "./pool.ts";

const pools: Pool<number>[] = [];
afterAll(() => {
  for (const pool of pools) pool.close();
});

/** A pool of workers that sum up the bytes. */
function openPool(options: Partial<PoolOptions> = {}): Pool<number> {
  const worker = join(import.meta.dir, "sum.test-worker.ts");
  const pool = new Pool<number>({ worker, size: 2, queue: 2, timeoutMs: 60_000, ...options });
  pools.push(pool);
  return pool;
}

/** A source of these chunks; each one waits for `gate`. */
function sourceOf(chunks: readonly (readonly number[])[], gate?: Promise<unknown>): Source {
  const left = [...chunks];
  return async (buffer) => {
    await gate;
    const chunk = left.shift() ?? [];
    buffer.set(chunk);
    return chunk.length;
  };
}

const signal = new AbortController().signal;

test("resolves with the results of its tasks, and reports their progress", async () => {
  const pool = openPool({ queue: 100 });
  const seen: number[] = [];
  const first = pool.run(sourceOf([[1, 2], [3]]), { signal, onProgress: (n) => seen.push(n) });
  const others = Array.from({ length: 20 }, (_, i) => pool.run(sourceOf([[i]]), { signal }));
  expect(await first).toBe(6);
  expect(seen).toEqual([2, 3]);
  expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("uses two buffers, however long the task is", async () => {
  const pool = openPool({ size: 1, chunkBytes: 1000 });
  const lengths = new Set<number>();
  let detached = 0;
  const used: ArrayBufferLike[] = [];
  let left = 500;
  await pool.run(
    async (buffer) => {
      lengths.add(buffer.byteLength);
      detached = used.filter((lent) => lent.byteLength === 0).length;
      used.push(buffer.buffer);
      return left-- > 0 ? buffer.byteLength : 0;
    },
    { signal },
  );
  expect([...lengths]).toEqual([1000]);
  // Buffers are transferred to the worker, not copied.
  expect(detached).toBeGreaterThan(490);
});

test("refuses a task while all workers are busy and the queue is full", async () => {
  const pool = openPool();
  const gate = Promise.withResolvers<void>();
  const tasks = [1, 2, 3, 4].map((n) => pool.run(sourceOf([[n]], gate.promise), { signal }));
  expect(() => pool.run(sourceOf([]), { signal })).toThrow(PoolFull);
  gate.resolve();
  expect(await Promise.all(tasks)).toEqual([1, 2, 3, 4]);
  expect(await pool.run(sourceOf([[5]]), { signal })).toBe(5);
});

test("a cancelled task frees its slot, running or queued", async () => {
  const pool = openPool({ size: 1, queue: 1 });
  const gate = Promise.withResolvers<void>();
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = pool.run(sourceOf([[1], [1]], gate.promise), { signal: running.signal });
  const second = pool.run(sourceOf([[2]]), { signal: waiting.signal });
  waiting.abort(new Error("left the queue"));
  await expect(second).rejects.toThrow("left the queue");
  const third = pool.run(sourceOf([[3]]), { signal });
  running.abort(new Error("cancelled while running"));
  gate.resolve();
  await expect(first).rejects.toThrow("cancelled while running");
  expect(await third).toBe(3);
});

test("a worker that exits, throws or hangs fails its task and is replaced", async () => {
  const pool = openPool({ size: 1, queue: 10, timeoutMs: 2000 });
  for (const deadly of [255, 254, 253]) {
    const lost = pool.run(sourceOf([[deadly], [1]]), { signal });
    const next = pool.run(sourceOf([[1], [1]]), { signal });
    await expect(lost).rejects.toBeInstanceOf(WorkerFailed);
    expect(await next).toBe(2);
  }
});

test("a task that timed out reports no further progress", async () => {
  const pool = openPool({ size: 1, timeoutMs: 1 });
  const disk = Promise.withResolvers<void>();
  const seen: number[] = [];
  const task = { signal, onProgress: (n: number) => seen.push(n) };
  const late = pool.run(sourceOf([[1], [2]], disk.promise), task);
  await expect(late).rejects.toBeInstanceOf(WorkerFailed);
  disk.resolve();
  // By then, everything that the source's chunk triggers has run.
  await Bun.sleep(0);
  expect(seen).toEqual([]);
});

test("finished tasks leave no promises behind", async () => {
  const pool = openPool({ size: 1 });
  const promises = async (tasks: number) => {
    for (let i = 0; i < tasks; i++) await pool.run(sourceOf([[1]]), { signal });
    Bun.gc(true);
    return heapStats().objectTypeCounts.Promise ?? 0;
  };
  const before = await promises(100);
  expect((await promises(1000)) - before).toBeLessThan(500);
});

test("a source that fails rejects its own task only", async () => {
  const pool = openPool({ size: 1 });
  const failing = pool.run(async () => Promise.reject(new Error("disk")), { signal });
  const next = pool.run(sourceOf([[4]]), { signal });
  await expect(failing).rejects.toThrow("disk");
  expect(await next).toBe(4);
});
