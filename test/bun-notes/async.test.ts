// Asynchronous programming: the event loop, promises, generators, cancellation, workers.
import { expect } from "bun:test";
import { runProgram, until } from "./program.ts";
import { statement } from "./statement.ts";

const linux = process.platform === "linux";

statement(
  "async/libuv",
  async () => {
    const { stdout } = await runProgram({
      "main.ts": `
        import { readdirSync, readFileSync, readlinkSync } from "node:fs";
        import { readFile } from "node:fs/promises";
        await Promise.all(Array.from({ length: 20 }, () => readFile("main.ts")));
        const links = readdirSync("/proc/self/fd").map((fd) => {
          try { return readlinkSync("/proc/self/fd/" + fd); } catch (error) { return String(error); }
        });
        const threads = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/comm", "utf8"));
        const loops = links.filter((link) => link.includes("[eventpoll]")).length;
        console.log(loops, threads.some((name) => name.startsWith("Bun Pool")), threads.some((name) => name.includes("uv")));`,
    });
    expect(stdout).toBe("1 true false");
  },
  { needs: linux },
);

statement("async/order", async () => {
  const program = {
    "main.ts": `
      const order: string[] = [];
      setTimeout(() => order.push("timer"), 0);
      setImmediate(() => order.push("immediate"));
      Promise.resolve().then(() => order.push("microtask"));
      await Bun.sleep(50);
      console.log(order.join());`,
  };
  const orders = await Promise.all(Array.from({ length: 5 }, () => runProgram(program)));
  expect(orders.map(({ stdout }) => stdout)).toEqual(
    Array.from({ length: 5 }, () => "microtask,immediate,timer"),
  );
});

statement("async/await", async () => {
  const order: string[] = [];
  const awaiting = async () => {
    await Promise.resolve();
    order.push("await");
  };
  const done = awaiting();
  await Promise.resolve()
    .then(() => order.push("then 1"))
    .then(() => order.push("then 2"));
  await done;
  expect(order).toEqual(["await", "then 1", "then 2"]);
});

/** A task that ends after a few turns of the event loop, and counts how many run at the same time. */
function countConcurrency() {
  const count = { now: 0, most: 0 };
  const task = async () => {
    count.now++;
    count.most = Math.max(count.most, count.now);
    await Bun.sleep(5);
    count.now--;
  };
  return { count, task };
}

statement("async/sequential", async () => {
  const { count, task } = countConcurrency();
  for (let i = 0; i < 3; i++) await task();
  expect(count.most).toBe(1);
});

statement("async/promise-all", async () => {
  const { count, task } = countConcurrency();
  await Promise.all([task(), task(), task()]);
  expect(count.most).toBe(3);
  // The first rejection settles `Promise.all`, and the other tasks still run.
  let finished = false;
  const slow = Bun.sleep(20).then(() => {
    finished = true;
  });
  await expect(Promise.all([Promise.reject(new Error("first")), slow])).rejects.toThrow("first");
  expect(finished).toBe(false);
  await slow;
  expect(finished).toBe(true);
});

statement("async/all-settled", async () => {
  const results = await Promise.allSettled([Promise.resolve(1), Promise.reject(new Error("no"))]);
  expect(results).toEqual([
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: new Error("no") },
  ]);
});

async function* count(to: number, onEnd?: () => void) {
  try {
    for (let i = 0; i < to; i++) {
      await Bun.sleep(1);
      yield i;
    }
  } finally {
    onEnd?.();
  }
}

statement("async/generators", async () => {
  expect(await Array.fromAsync(count(5))).toEqual([0, 1, 2, 3, 4]);
  let ended = false;
  for await (const value of count(5, () => {
    ended = true;
  }))
    if (value === 1) break;
  expect(ended).toBe(true);
});

/** The generator as the document has it: page numbers, until a page is empty. */
async function* fetchNumberedPages(url: URL) {
  for (let page = 1; ; page++) {
    const { items } = (await (await fetch(`${url}?page=${page}`)).json()) as { items: number[] };
    if (items.length === 0) return;
    yield* items;
  }
}

/** Follows the cursor that the server gives, so that an insertion between two pages repeats nothing. */
async function* fetchPages(url: URL) {
  let next: string | undefined = "0";
  while (next !== undefined) {
    const response = await fetch(`${url}?after=${next}`);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    const page = (await response.json()) as { items: number[]; next?: string };
    yield* page.items;
    next = page.next;
  }
}

statement("async/pages", async () => {
  const newestFirst = [5, 4, 3, 2, 1];
  let requests = 0;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      requests++;
      const { searchParams } = new URL(request.url);
      const after = searchParams.get("after");
      const first =
        after === null
          ? (Number(searchParams.get("page")) - 1) * 2
          : newestFirst.indexOf(Number(after)) + 1;
      const items = newestFirst.slice(first, first + 2);
      const last = items.at(-1);
      // Somebody posts an item while the client reads the first page.
      if (requests === 1) newestFirst.unshift(6);
      return Response.json({
        items,
        ...(last !== 1 && last !== undefined && { next: String(last) }),
      });
    },
  });
  expect(await Array.fromAsync(fetchNumberedPages(server.url))).toEqual([5, 4, 4, 3, 2, 1]);
  newestFirst.shift();
  requests = 0;
  expect(await Array.fromAsync(fetchPages(server.url))).toEqual([5, 4, 3, 2, 1]);
});

statement("async/relative-url", async () => {
  await expect(fetch("/api/items")).rejects.toMatchObject({ code: "ERR_INVALID_URL" });
});

/** A server that sends the head of a response, and holds back its body until the request is aborted. */
function serveSlowly() {
  const aborted: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/broken") return new Response("broken");
      request.signal.addEventListener("abort", () => aborted.push(pathname));
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue("a");
            await Bun.sleep(10);
          },
        }),
      );
    },
  });
  return { server, aborted };
}

statement("async/timeout", async () => {
  const { server, aborted } = serveSlowly();
  await using _ = { [Symbol.asyncDispose]: () => server.stop(true) };
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const response = fetch(server.url, { signal: controller.signal });
  await expect(response.then((response) => response.text())).rejects.toMatchObject({
    name: "AbortError",
  });
  const timeout = fetch(server.url, { signal: AbortSignal.timeout(20) });
  await expect(timeout.then((response) => response.text())).rejects.toMatchObject({
    name: "TimeoutError",
  });
  await until(() => aborted.length === 2);
});

statement("async/shared-cancellation", async () => {
  const { server, aborted } = serveSlowly();
  await using _ = { [Symbol.asyncDispose]: () => server.stop(true) };
  const controller = new AbortController();
  const get = async (path: string) => {
    try {
      const response = await fetch(new URL(path, server.url), { signal: controller.signal });
      return path === "/broken" ? await response.json() : await response.text();
    } catch (error) {
      controller.abort();
      throw error;
    }
  };
  await expect(Promise.all(["/a", "/b", "/broken"].map(get))).rejects.toBeInstanceOf(SyntaxError);
  await until(() => aborted.length === 2);
  expect(aborted.toSorted()).toEqual(["/a", "/b"]);
});

statement("async/shared-cancellation-status", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("no", { status: 500 }),
  });
  expect((await fetch(server.url)).ok).toBe(false);
});

const WORKER = `
self.onmessage = ({ data }) => {
  if (data === "exit") process.exit(3);
  if (data === "throw") throw new Error("boom");
  self.postMessage(data.reduce((sum, item) => sum + item, 0));
};`;

/** Sends a message to a worker, and prints the events until the worker answers or is closed. */
const talk = async (message: string) => {
  const { stdout } = await runProgram({
    "worker.ts": WORKER,
    "main.ts": `
      const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
      const events: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      worker.onmessage = ({ data }) => { events.push("message " + data); resolve(); };
      worker.onerror = (event) => { events.push("error"); event.preventDefault(); };
      worker.addEventListener("close", ({ code }) => { events.push("close " + code); resolve(); });
      worker.postMessage(${message});
      await promise;
      console.log(events.join());
      process.exit(0);`,
  });
  return stdout;
};

statement("async/worker", async () => {
  expect(await talk("[1, 2, 3, 4, 5]")).toBe("message 15");
});

statement("async/worker-pool", async () => {
  // A pool that listens to messages only waits forever for a worker that throws or exits.
  expect(await talk('"throw"')).toBe("error,close 1");
  expect(await talk('"exit"')).toBe("close 3");
});
