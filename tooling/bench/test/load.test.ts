// The load generators against real servers, and the memory of a real process.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { eventLoad, httpLoad, uploadLoad } from "../src/load.ts";
import { peakBytes, residentBytes } from "../src/memory.ts";
import { Run } from "../src/run.ts";

const MIB = 1024 ** 2;

test("http: anything but a 200 is an error", async () => {
  using busy = Bun.serve({ port: 0, fetch: () => new Response("busy", { status: 503 }) });
  const load = httpLoad(busy.url.href, { seconds: 0.1, connections: 1 });
  await expect(load).rejects.toThrow("Not a 200");
});

test("events: what is posted is counted at every reader", async () => {
  await using run = await Run.open(true, () => undefined);
  const program = join(import.meta.dir, "../src/areas/http-sse/bare-events.ts");
  const { url } = await run.start(["bun", program]);
  expect(await eventLoad(url, { readers: 10, seconds: 1 })).toBeGreaterThan(0);
});

test("events: a stream that the server ends is an error", async () => {
  using brief = Bun.serve({ port: 0, fetch: () => new Response("data: bye\n\n") });
  const load = eventLoad(brief.url.href, { readers: 1, seconds: 5 });
  await expect(load).rejects.toThrow("exited with 1");
});

test("upload: every byte arrives", async () => {
  const sizes: number[] = [];
  using sink = Bun.serve({
    port: 0,
    async fetch(request) {
      sizes.push((await request.bytes()).length);
      return new Response(null, { status: 201 });
    },
  });
  await uploadLoad(sink.url.href, 3);
  expect(sizes).toEqual([3 * MIB]);
});

test("memory: a peak is seen, also when it is over at the end", async () => {
  const program = `process.stdin.once("data", async () => {
      let block = Buffer.alloc(${128 * MIB}, 1);
      await Bun.sleep(300);
      block = undefined;
      Bun.gc(true);
      console.log("over");
    }); console.log("ready");`;
  const child = Bun.spawn(["bun", "-e", program], { stdin: "pipe", stdout: "pipe" });
  const output = child.stdout.getReader();
  await output.read();
  const idle = await residentBytes(child.pid);
  child.stdin.write("go\n");
  child.stdin.flush();
  const peak = await peakBytes(child.pid, output.read());
  child.kill();
  await child.exited;
  expect((peak - idle) / MIB).toBeGreaterThan(100);
  await expect(residentBytes(child.pid)).rejects.toThrow();
});
