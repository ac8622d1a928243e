// Memory management: the engine, buffers, files, the garbage collector, pools.
import { expect } from "bun:test";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { run, runProgram, withFolder } from "./program.ts";
import { statement } from "./statement.ts";

const MIB = 2 ** 20;

statement("memory/engine", async () => {
  expect(process.versions.webkit).toMatch(/^[0-9a-f]{40}$/);
  expect(Object.keys(await import("bun:jsc"))).toContain("heapStats");
});

/** Makes objects, ages them by collections, drops them, and prints how many are left after each kind of collection. */
const GENERATIONS = `
import { edenGC, fullGC } from "bun:jsc";
const state: { kept?: object[]; refs: WeakRef<object>[] } = { kept: [], refs: [] };
(() => {
  for (let i = 0; i < 1000; i++) {
    const object = { i };
    state.kept?.push(object);
    state.refs.push(new WeakRef(object));
  }
})();
// A WeakRef keeps its object until the task that made or read it ends.
const collect = async (collection: () => void) => {
  await Bun.sleep(1);
  collection();
  await Bun.sleep(1);
};
const alive = () => state.refs.filter((ref) => ref.deref() !== undefined).length;
for (const collection of [fullGC, edenGC, edenGC]) await collect(collection);
delete state.kept;
await collect(edenGC);
const afterEden = alive();
await collect(fullGC);
console.log(JSON.stringify([afterEden, alive()]));
`;

statement("memory/generations", async () => {
  const { stdout } = await runProgram({ "main.ts": GENERATIONS });
  const [afterEden, afterFull] = JSON.parse(stdout);
  expect(afterEden).toBe(1000);
  expect(afterFull).toBeLessThan(100);
});

statement("memory/tiers", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      import { numberOfDFGCompiles } from "bun:jsc";
      function sum(n: number) { let total = 0; for (let i = 0; i < n; i++) total += i * 2; return total; }
      const before = numberOfDFGCompiles(sum);
      for (let i = 0; i < 50_000; i++) sum(100);
      console.log(before, numberOfDFGCompiles(sum) > 0);`,
  });
  expect(stdout).toBe("0 true");
});

statement("memory/buffer-from-string", () => {
  const source = Buffer.from("Hello World");
  const copy = Buffer.from(source);
  copy[0] = 0;
  expect(source.toString()).toBe("Hello World");
});

statement("memory/views", () => {
  const bytes = Buffer.from("Hello World");
  bytes.subarray(0, 5)[0] = "J".charCodeAt(0);
  expect(bytes.toString()).toBe("Jello World");
  const memory = new ArrayBuffer(4);
  Buffer.from(memory)[0] = 7;
  expect(new Uint8Array(memory)[0]).toBe(7);
});

statement("memory/file-is-lazy", async () => {
  const missing = Bun.file("/no/such/file");
  expect(missing.size).toBe(0);
  expect(await missing.exists()).toBe(false);
  await expect(missing.text()).rejects.toMatchObject({ code: "ENOENT" });
});

/** Prints by how many MiB the memory grew while a file was read. */
const READ = `
const [path = "", how] = process.argv.slice(2);
const file = Bun.file(path);
const before = process.memoryUsage.rss();
let peak = before;
let largest = 0;
const measure = () => { peak = Math.max(peak, process.memoryUsage.rss()); };
if (how === "text") { const text = await file.text(); measure(); largest = text.length; }
if (how === "slice") { largest = (await file.slice(0, 1024).arrayBuffer()).byteLength; measure(); }
if (how === "stream") for await (const chunk of file.stream()) { largest = Math.max(largest, chunk.length); measure(); }
console.log(JSON.stringify({ largest, grown: (peak - before) / 2 ** 20 }));
`;

/** Reads a sparse file of this size in a separate process. */
const read = (bytes: number, how: "text" | "slice" | "stream") =>
  withFolder({ "main.ts": READ, "large.bin": "" }, async (folder) => {
    await truncate(join(folder, "large.bin"), bytes);
    const { stdout } = await run(folder, [process.execPath, "main.ts", "large.bin", how]);
    return JSON.parse(stdout) as { largest: number; grown: number };
  });

statement("memory/text-streams", async () => {
  const { largest, grown } = await read(128 * MIB, "text");
  expect(largest).toBe(128 * MIB);
  expect(grown).toBeGreaterThan(100);
});

statement("memory/slice", async () => {
  const { largest, grown } = await read(10_240 * MIB, "slice");
  expect(largest).toBe(1024);
  expect(grown).toBeLessThan(16);
});

statement("memory/stream", async () => {
  const { largest, grown } = await read(256 * MIB, "stream");
  expect(largest).toBeLessThanOrEqual(2 * MIB);
  expect(grown).toBeLessThan(128);
});

statement("memory/manual-gc", async () => {
  expect(Bun.gc).toBeFunction();
  const { stdout } = await runProgram({
    "main.ts": `
      let dropped: WeakRef<object> | undefined;
      (() => { dropped = new WeakRef({ large: new Array(1000) }); })();
      await Bun.sleep(1);
      Bun.gc(true);
      console.log(dropped?.deref());`,
  });
  expect(stdout).toBe("undefined");
});

statement("memory/nulling", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      const refs: WeakRef<object>[] = [];
      const process1000 = () => {
        const large = { items: new Array(1000) };
        refs.push(new WeakRef(large));
      };
      for (let i = 0; i < 100; i++) process1000();
      await Bun.sleep(1);
      Bun.gc(true);
      console.log(refs.filter((ref) => ref.deref() !== undefined).length < 10);`,
  });
  expect(stdout).toBe("true");
});

statement("memory/weak-map", async () => {
  const { stdout } = await runProgram({
    "main.ts": `
      import { heapStats } from "bun:jsc";
      class Result {}
      const cache = new WeakMap<object, Result>();
      const results = () => heapStats().objectTypeCounts["Result"] ?? 0;
      (() => { for (let i = 0; i < 1000; i++) cache.set({ i }, new Result()); })();
      const key = {};
      cache.set(key, new Result());
      await Bun.sleep(1);
      Bun.gc(true);
      console.log(results() < 100, cache.get(key) instanceof Result);`,
  });
  expect(stdout).toBe("true true");
});

statement("memory/request-pool", async () => {
  const seen: Request[] = [];
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      seen.push(request);
      return new Response(request.headers.get("x-mark") ?? "none");
    },
  });
  expect(await (await fetch(server.url, { headers: { "x-mark": "first" } })).text()).toBe("first");
  expect(await (await fetch(server.url)).text()).toBe("none");
  expect(seen[0]).not.toBe(seen[1]);
  expect(seen[0]?.headers.get("x-mark")).toBe("first");
});

statement("memory/object-pool", () => {
  const pool = [Buffer.alloc(16)];
  const acquire = () => pool.pop() ?? Buffer.alloc(16);
  const first = acquire();
  first.write("secret of A");
  pool.push(first);
  // A reused buffer still contains the bytes of its previous user. After a double release, two users share one buffer.
  expect(acquire().toString("utf8", 0, 11)).toBe("secret of A");
  pool.push(first, first);
  expect(acquire()).toBe(acquire());
});
