// Searches on another thread: the same hits, cancelled in time, and memory that outlives them.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Engine } from "../../src/engine.ts";
import { maxSize } from "../../src/symbols.ts";
import { typescriptEngine } from "../../src/typescript.ts";
import { VectorIndex } from "../../src/vector-index.ts";
import type { NativeShare } from "../../src/worker/share.ts";
import { engines, nativeEngines } from "../engines.ts";
import { createProject, run, runCleanly } from "../project.ts";
import { asan, cBackends, sanitized } from "../toolchain.ts";

test.each(cBackends)(
  "runs the code that this process has loaded, also after native/ was deleted: %s",
  async (backend) => {
    using project = createProject(backend === "compiled" ? "compiled" : "bare");
    const args = [join(import.meta.dir, "close-while-searching.ts"), project.entry, "4"];
    const stdout = await runCleanly(args, { FFI_BACKEND: backend });
    expect(JSON.parse(stdout)).toEqual({ backend, found: 10, refused: 6 });
  },
);

const NO_THREADS =
  "globalThis.Worker = class { constructor() { throw new TypeError('no threads'); } };";

test.each([
  ["gets no thread", "", NO_THREADS],
  ["does not start", "throw 1;", ""],
  ["ends without an error", "self.onmessage = () => process.exit();", ""],
  ["throws an unexpected error", "self.onmessage = () => { throw new Error('a bug'); };", ""],
])("a worker that %s is an AddonError with a code", async (_, thread, setup) => {
  using project = createProject("bare");
  await Bun.write(join(project.path, "src/worker/thread.ts"), thread);
  const search = join(project.path, "search.ts");
  await Bun.write(
    search,
    `import { AddonError, VectorIndex } from ${JSON.stringify(project.entry)};
    ${setup}
    using index = new VectorIndex({ dimensions: 1, metric: "dot" });
    index.add(Float32Array.of(1));
    for (const _ of [1, 2]) {
      const error = await index.searchInWorker(Float32Array.of(1), 1).catch((error) => error);
      console.log(error instanceof AddonError, error.code, error.message);
      index.add(Float32Array.of(1)); // nothing reads the index
    }`,
  );
  const stdout = await runCleanly([search], { FFI_BACKEND: "typescript" });
  expect(stdout).toMatch(/^(true worker_failed The search worker failed: .+){2}$/s);
});

// A worker that outlives each reload would be one more thread each time.
test.skipIf(process.platform !== "linux")("bun --hot keeps one worker over reloads", async () => {
  using project = createProject("bare");
  const copy = join(project.path, "reload.ts");
  await Bun.write(copy, Bun.file(join(import.meta.dir, "reload.ts")));
  const { exitCode, stdout, stderr } = await run(["--hot", copy], {
    ENTRY: project.entry,
    FFI_BACKEND: "typescript",
  });
  expect(exitCode, stderr).toBe(0);
  const threads = stdout.trim().split("\n").map(Number);
  expect(threads).toHaveLength(21);
  // The engine's own threads come and go: fewer than one for each reload.
  expect((threads.at(-1) ?? 0) - (threads[0] ?? 0)).toBeLessThan(10);
});

test.skipIf(!asan)(
  "with AddressSanitizer: no bug is found while workers search an index that is being closed",
  async () => {
    using project = createProject("sanitized");
    const env = { ...sanitized, FFI_BACKEND: "compiled" };
    const args = [join(import.meta.dir, "close-while-searching.ts"), project.entry, "100"];
    const stdout = await runCleanly(args, env);
    // Each round starts four searches. One round in four aborts two of them, and one in four closes the index before any ends.
    expect(JSON.parse(stdout)).toEqual({ backend: "compiled", found: 250, refused: 150 });
  },
  300_000, // seconds of work, minutes on a busy machine
);

describe.each(engines)("$backend", (engine) => {
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

  test("adds under steady searches; those that start later find the new vectors", async () => {
    using index = create(2_000);
    let stopped = false;
    const keepSearching = async (): Promise<void> => {
      while (!stopped) await index.searchInWorker(query, 1);
    };
    const traffic = Array.from({ length: 3 }, keepSearching);
    const added = index.whenIdle(() => index.add(query));
    const later = index.searchInWorker(query, 1);
    expect(() => index.add(query)).toThrow("whenIdle");
    expect(await added).toBe(2_000);
    expect(await later).toEqual([{ id: 2_000, score: expect.closeTo(1) }]);
    expect(await index.whenIdle(() => index.add(query))).toBe(2_001);
    stopped = true;
    await Promise.all(traffic);
  });

  test("actions run in order, and searches continue after one has thrown", async () => {
    using index = create(2_000);
    const order: string[] = [];
    const record = (name: string) => () => void order.push(name);
    const bug = new Error("a bug");
    const steps = [
      index.searchInWorker(query, 1),
      index.whenIdle(record("first")),
      index.whenIdle(() => {
        throw bug;
      }),
      index.whenIdle(record("third")),
      index.searchInWorker(query, 1).then(record("search")),
    ];
    const outcomes = await Promise.allSettled(steps);
    expect(outcomes.flatMap((o) => (o.status === "rejected" ? o.reason : []))).toEqual([bug]);
    expect(order).toEqual(["first", "third", "search"]);
    const invalid = index.whenIdle(undefined as never);
    await expect(invalid).rejects.toMatchObject({ code: "invalid_argument" });
  });

  test("searches and actions keep the order of the calls", async () => {
    const index = create(2_000);
    const order: string[] = [];
    const search = (name: string) => index.searchInWorker(query, 1).then(() => order.push(name));
    const added = index.whenIdle(() => {
      search("from the first action"); // starts later, so that the action can add
      return index.add(query);
    });
    const waiting = [search("before the first action has run"), search("second")];
    expect(await added).toBe(2_000);
    expect(() => index.add(query)).toThrow(expect.objectContaining({ code: "busy" }));
    waiting.push(search("after it has run"));
    const second = index.whenIdle(() => index.size);
    waiting.push(search("after the second action"));
    const closed = index.whenIdle(() => index.close());
    await Promise.all([...waiting, second, closed]);
    expect(order).toEqual([
      "before the first action has run",
      "second",
      "from the first action",
      "after it has run",
      "after the second action",
    ]);
  });

  test("an index is busy until the searches that wait for an action have ended", async () => {
    using index = create(1);
    const action = index.whenIdle(() => {
      throw new Error("a bug");
    });
    const search = index.searchInWorker(query, 9);
    expect(() => index.add(query)).toThrow(expect.objectContaining({ code: "busy" }));
    await expect(action).rejects.toThrow("a bug");
    expect(await search).toHaveLength(1);
    expect(index.add(query)).toBe(1);
  });

  test("a search that waits for an action can be aborted, and is rejected if the index is closed", async () => {
    const index = create(20_000);
    const running = Array.from({ length: 100 }, () => index.searchInWorker(query, 1));
    let hasRun = false;
    const action = index.whenIdle(() => {
      hasRun = true;
      return index.add(query);
    });
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = index.searchInWorker(query, 1, { signal });
    const refused = index.searchInWorker(query, 1);
    const outcomes = Promise.allSettled([...running, action, refused]);
    controller.abort();
    await expect(aborted).rejects.toBe(signal.reason);
    await expect(index.searchInWorker(query, 1, { signal })).rejects.toBe(signal.reason);
    expect(hasRun).toBe(false);
    index.close();
    for (const outcome of (await outcomes).slice(-2)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    }
  });

  test("rejects with the signal's reason, before and during", async () => {
    using index = create(20_000);
    const reason = new Error("aborted by the caller");
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

  test("an index is free again after its only search was aborted behind others", async () => {
    using other = create(20_000);
    using index = create(1);
    const stopOthers = new AbortController();
    const others = Array.from({ length: 1_000 }, () =>
      other.searchInWorker(query, 3, { signal: stopOthers.signal }),
    );
    const settled = Promise.allSettled(others);
    const controller = new AbortController();
    const search = index.searchInWorker(query, 1, { signal: controller.signal });
    controller.abort();
    await expect(search).rejects.toBe(controller.signal.reason);
    expect(index.add(query)).toBe(1);
    expect(() => other.add(query)).toThrow(expect.objectContaining({ code: "busy" }));
    stopOthers.abort();
    await settled;
    expect(await index.searchInWorker(query, 2)).toHaveLength(2);
  });

  test("rejects with `closed` when the index is closed during the search", async () => {
    const index = create(5_000);
    const searches = Array.from({ length: 10 }, () => index.searchInWorker(query, 3));
    index.close();
    for (const outcome of await Promise.allSettled(searches)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    }
  });

  test("checks its arguments, and keeps the code of an error in the worker", async () => {
    using index = create(1);
    const notFinite = index.searchInWorker(new Float32Array(dimensions).fill(Number.NaN), 1);
    await expect(notFinite).rejects.toMatchObject({ code: "out_of_range", name: "AddonError" });
    const codeOf = (k: unknown, options?: unknown): Promise<unknown> =>
      index.searchInWorker(query, k as never, options as never).catch(({ code }) => code);
    expect(await codeOf(1, null)).toBe("invalid_argument");
    expect(await codeOf(1, { signal: {} })).toBe("invalid_argument");
    expect(await codeOf(0)).toBe("out_of_range");
  });
});

test.each(nativeEngines)(
  "a worker that has no memory for the hits rejects with out_of_memory: $backend",
  async (engine) => {
    const create: Engine["create"] = (...shape) => {
      const store = engine.create(...shape);
      const share = () => ({ ...(store.share() as NativeShare), size: maxSize });
      return { ...store, share };
    };
    using index = new VectorIndex({ dimensions: 1, metric: "dot" }, { ...engine, create });
    const search = index.searchInWorker(Float32Array.of(1), maxSize);
    await expect(search).rejects.toMatchObject({ code: "out_of_memory", name: "AddonError" });
  },
);

test("a search that cannot start after an action is rejected, and delays nothing else", async () => {
  const reason = new Error("no memory");
  let shares = 0;
  const create: Engine["create"] = (...shape) => {
    const store = typescriptEngine.create(...shape);
    const share = store.share.bind(store);
    store.share = () => {
      shares += 1;
      if (shares === 1) throw reason;
      return share();
    };
    return store;
  };
  using index = new VectorIndex({ dimensions: 1, metric: "dot" }, { ...typescriptEngine, create });
  const one = Float32Array.of(1);
  const added = index.whenIdle(() => index.add(one));
  const searches = [index.searchInWorker(one, 1), index.searchInWorker(one, 1)];
  expect(await added).toBe(0);
  expect(await Promise.allSettled(searches)).toEqual([
    { status: "rejected", reason },
    { status: "fulfilled", value: [{ id: 0, score: 1 }] },
  ]);
  expect(index.add(one)).toBe(1);
});
