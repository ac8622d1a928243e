// A small real area from end to end: two servers, load from a separate process, a result and a table.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Area } from "../src/area.ts";
import { runArea } from "../src/bench.ts";
import { httpLoad } from "../src/load.ts";
import { machine, toResult } from "../src/result.ts";
import type { Service } from "../src/service.ts";
import { renderResult } from "../src/table.ts";

const script = (body: string) => ["bun", "-e", body];
const server = (delay: number) =>
  script(`const { url } = Bun.serve({ hostname: "127.0.0.1", port: 0, async fetch() {
    await Bun.sleep(${delay});
    return new Response("hello");
  } }); console.log("listening on", url.href);`);

function httpArea(opened: Service[], folders: string[]): Area {
  const against =
    (delay: number): Area["benches"][string]["contestants"][string] =>
    async (run) => {
      const service = await run.start(server(delay));
      opened.push(service);
      folders.push(run.folder);
      return () => httpLoad(`${service.url}/hello`, { seconds: 0.5, connections: 4 });
    };
  return {
    description: "Two servers, one of which waits",
    benches: {
      hello: {
        unit: "req/s",
        rounds: 2,
        contestants: { prompt: against(0), slow: against(100) },
      },
    },
    figures: [
      { bench: "hello", of: "prompt", over: "prompt", atLeast: 1 },
      { bench: "hello", of: "slow", atLeast: 1_000_000_000 },
    ],
  };
}

test("an area is measured, judged, rendered, and leaves nothing behind", async () => {
  const opened: Service[] = [];
  const folders: string[] = [];
  const area = httpArea(opened, folders);
  const progress: string[] = [];
  const samples = await runArea(area, {
    only: [],
    quick: false,
    progress: (message) => progress.push(message),
  });
  expect(Object.keys(samples.hello ?? {})).toEqual(["prompt", "slow"]);
  expect(samples.hello?.prompt).toHaveLength(2);
  expect(samples.hello?.slow).toHaveLength(2);
  expect(progress).toEqual([
    "hello: round 1: prompt",
    "hello: round 1: slow",
    "hello: round 2: prompt",
    "hello: round 2: slow",
  ]);
  expect(opened.map(({ process }) => process.killed)).toEqual([true, true]);
  expect(folders.some((folder) => existsSync(folder))).toBe(false);

  const setting = {
    date: "2030-01-02T03:04:05Z",
    quick: false,
    machine: machine(),
    versions: {},
  };
  const result = toResult("small", area, samples, setting);
  expect(result.verdicts.map(({ kept }) => kept)).toEqual([true, false]);
  const text = renderResult(result);
  expect(text).toContain("### small\n\n2030-01-02");
  expect(text).toMatch(/\| kept +\| hello \| prompt ≥ 1 × prompt/);
  expect(text).toMatch(/\| MISSED \| hello \| slow ≥ 1000000000 req\/s/);
});

test("a bench that the area does not have is refused with those that it has", async () => {
  const run = runArea(httpArea([], []), {
    only: ["hullo"],
    quick: true,
    progress: () => undefined,
  });
  await expect(run).rejects.toThrow("No bench is called hullo. There are: hello.");
});

test("a server that does not start fails the run with what it printed", async () => {
  const area: Area = {
    description: "Broken",
    benches: {
      broken: {
        unit: "req/s",
        contestants: {
          broken: async (run) => {
            await run.start(script(`console.error("no database"); process.exit(3)`));
            return async () => 0;
          },
        },
      },
    },
    figures: [],
  };
  const run = runArea(area, { only: [], quick: true, progress: () => undefined });
  await expect(run).rejects.toThrow("no database");
});
