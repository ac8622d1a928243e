// Searches on another thread: the same hits, cancelled in time, and memory that outlives them.
import { describe, expect, test } from "bun:test";
import { VectorIndex } from "../src/vector-index.ts";
import { engines } from "./engines.ts";
import { createProject, program, run } from "./project.ts";
import { compiler, tinycc } from "./toolchain.ts";

test.each([compiler ? "compiled" : [], tinycc ? "tinycc" : []].flat())(
  "runs the code that this process has loaded, whatever became of native/: %s",
  async (backend) => {
    using project = createProject(backend === "compiled" ? "compiled" : "bare");
    const { stdout, stderr } = await run([program("workers.ts"), project.entry, "4"], {
      FFI_BACKEND: backend,
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ backend, found: 10, refused: 6 });
  },
);

describe.each(engines.map((engine) => [engine.backend, engine] as const))("%s", (_, engine) => {
  const dimensions = 64;
  const query = Float32Array.from({ length: dimensions }, (_, i) => Math.cos(i));
  const create = (size: number): VectorIndex => {
    const index = new VectorIndex({ dimensions, metric: "cosine" }, engine);
    index.add(Float32Array.from({ length: size * dimensions }, (_, i) => Math.sin(i * 1.7)));
    return index;
  };

  test("finds what a search here finds, also many at a time", async () => {
    using index = create(2_000);
    const expected = index.search(query, 5);
    const searches = Array.from({ length: 20 }, () => index.searchInWorker(query, 5));
    for (const hits of await Promise.all(searches)) expect(hits).toEqual(expected);
  });

  test("can be searched, but not added to, while a worker reads it", async () => {
    using index = create(2_000);
    const search = index.searchInWorker(query, 3);
    expect(() => index.add(query)).toThrow(expect.objectContaining({ code: "busy" }));
    expect(index.search(query, 3)).toEqual(await search);
    expect(index.add(query)).toBe(2_000);
  });

  test("rejects with the signal's reason, before and during", async () => {
    using index = create(20_000);
    const reason = new Error("changed my mind");
    const aborted = AbortSignal.abort(reason);
    await expect(index.searchInWorker(query, 3, { signal: aborted })).rejects.toBe(reason);
    const controller = new AbortController();
    const searches = Array.from({ length: 30 }, () =>
      index.searchInWorker(query, 3, { signal: controller.signal }),
    );
    controller.abort(reason);
    const outcomes = await Promise.allSettled(searches);
    expect(outcomes.every((o) => o.status === "rejected" && o.reason === reason)).toBe(true);
    expect(await index.searchInWorker(query, 1)).toEqual(index.search(query, 1));
  });

  test("rejects when the index is closed during the search; its memory is freed when the worker is done", async () => {
    const index = create(5_000);
    const searches = Array.from({ length: 10 }, () => index.searchInWorker(query, 3));
    index.close();
    for (const outcome of await Promise.allSettled(searches)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    }
  });

  test("checks its arguments", async () => {
    using index = create(1);
    const codeOf = (k: unknown, options?: unknown): Promise<unknown> =>
      index.searchInWorker(query, k as never, options as never).catch(({ code }) => code);
    expect(await codeOf(1, null)).toBe("invalid_argument");
    expect(await codeOf(1, { signal: {} })).toBe("invalid_argument");
    expect(await codeOf(0)).toBe("out_of_range");
  });
});
