// The ffi-addon starter: the cost of a call, and how much of the memory bandwidth a search reaches.
import { join } from "node:path";
import type { Area, Bench, Contestant } from "../area.ts";
import { runCommand } from "../command.ts";
import { PEERS } from "../peers.ts";
import type { Run } from "../run.ts";
import { type Service, startService } from "../service.ts";

const TEMPLATE = join(import.meta.dir, "../../../../templates/ffi-addon");
/** The library as it is published, which the build makes. */
const ENTRY = join(TEMPLATE, "dist/library/index.js");
const PROGRAMS = join(import.meta.dir, "ffi-addon");
const PEER_PROGRAMS = join(PEERS, "ffi-addon");

/** The library fails without its compiled C, instead of running another backend. */
const COMPILED = { FFI_BACKEND: "compiled" };
const TYPESCRIPT = { FFI_BACKEND: "typescript" };

/** Size, dimensions and k. */
type Shape = readonly [number, number, number];
const LARGE: Shape = [100_000, 768, 10];
const CACHED: Shape = [10_000, 128, 10];
const TINY: Shape = [10, 4096, 1];

async function build(): Promise<string> {
  await runCommand(["bun", "build.ts"], { cwd: TEMPLATE });
  const folder = join(TEMPLATE, "dist/native");
  const { libraries } = await Bun.file(join(folder, "manifest.json")).json();
  return join(folder, libraries[`${process.platform}-${process.arch}`].file);
}

/** Compiles a shared library into the run's folder. */
async function compile({ folder }: Run, name: string, ...args: string[]): Promise<string> {
  const output = join(folder, name);
  const compiler = Bun.env.CC?.split(" ") ?? ["cc"];
  const flags = ["-O3", "-shared", "-fPIC", "-fno-math-errno"];
  const loose = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  await runCommand([...compiler, ...flags, ...loose, ...args, "-o", output], { cwd: folder });
  return output;
}

type Command = (run: Run) => readonly string[] | Promise<readonly string[]>;

const sampleFrom = async ({ url }: Service, { seconds }: Run): Promise<number> =>
  Number(await (await fetch(`${url}/?seconds=${seconds}`)).text());

/** A program that answers every request with a sample. */
function program(command: Command, env = COMPILED): Contestant {
  return async (run) => {
    const service = await run.start(await command(run), { env });
    return () => sampleFrom(service, run);
  };
}

/** Starts the program for each sample, because a call takes up to half as long again in every third process. */
function programs(command: Command): Contestant {
  return async (run) => {
    const started = await command(run);
    return async () => {
      await using service = await startService(started, { env: COMPILED }, run.folder);
      await sampleFrom(service, run);
      // Awaited before the service stops.
      return await sampleFrom(service, run);
    };
  };
}

const bun = (name: string, ...args: readonly (number | string)[]): string[] => [
  "bun",
  join(PROGRAMS, name),
  ...args.map(String),
];
const node = (name: string, ...args: readonly (number | string)[]): string[] => [
  "node",
  join(PEER_PROGRAMS, name),
  ...args.map(String),
];

async function napi(run: Run): Promise<string[]> {
  const headers = join(PEERS, "node_modules/node-api-headers/include");
  const native = join(TEMPLATE, "native");
  const source = join(PEER_PROGRAMS, "napi.c");
  return node("napi.js", await compile(run, "add.node", `-I${headers}`, `-I${native}`, source));
}

async function bandwidth(run: Run): Promise<string[]> {
  const library = await compile(run, "bandwidth.so", join(PROGRAMS, "bandwidth.c"));
  return bun("bandwidth.ts", library, ...LARGE);
}

const prepare = async (): Promise<void> => {
  await build();
};

const call: Bench = {
  unit: "ns",
  rounds: 15,
  prepare,
  contestants: {
    "ffi-addon": programs(() => bun("call.ts", "checked", ENTRY)),
    "bare dlopen": programs(async () => bun("call.ts", "dlopen", await build())),
    "cc()": program(() => bun("call.ts", "cc", join(TEMPLATE, "native/addon.c"))),
    "Node-API on Node.js": program(napi),
    "koffi on Node.js": program(async () => node("koffi.js", await build())),
  },
};

type Metric = "cosine" | "euclidean";

/** All of them compare the query with every vector. */
function searches(metric: Metric, shape: Shape, more: Bench["contestants"] = {}): Bench {
  const sqlite = join(PEER_PROGRAMS, "sqlite-vec.js");
  return {
    unit: "searches/s",
    prepare,
    contestants: {
      "ffi-addon": program(() => bun("search.ts", ENTRY, metric, ...shape)),
      "in TypeScript": program(() => bun("search.ts", ENTRY, metric, ...shape), TYPESCRIPT),
      "usearch on Node.js": program(() => node("usearch.js", metric, ...shape)),
      "hnswlib on Node.js": program(() => node("hnswlib.js", metric, ...shape)),
      "sqlite-vec in Bun": program(() => ["bun", sqlite, metric, ...shape.map(String)]),
      ...more,
    },
  };
}

/** The starter alone, over several shapes. */
function growth(shapes: Readonly<Record<string, Shape>>): Bench {
  const contestants = Object.entries(shapes).map(([name, shape]) => [
    name,
    program(() => bun("search.ts", ENTRY, "cosine", ...shape)),
  ]);
  return { unit: "searches/s", rounds: 5, prepare, contestants: Object.fromEntries(contestants) };
}

export const area: Area = {
  description: "The ffi-addon starter: cost of a call, exact search against peers and the memory",
  peers: ["koffi", "node-api-headers", "usearch", "hnswlib-node", "sqlite-vec"],
  benches: {
    call,
    search: searches("cosine", LARGE, { "reading the memory": program(bandwidth) }),
    euclidean: searches("euclidean", LARGE, { "reading the memory": program(bandwidth) }),
    // One query after another on vectors that fit into the cache, as in a batch of queries.
    batch: searches("cosine", CACHED),
    // A search so small that copying the query would be noticeable.
    "zero-copy": {
      unit: "searches/s",
      prepare,
      contestants: {
        "query read in place": program(() => bun("search.ts", ENTRY, "cosine", ...TINY)),
        "query copied first": program(() => bun("search.ts", ENTRY, "cosine", ...TINY, "copy")),
      },
    },
    "growth-n": growth({
      "1 000": [1_000, 128, 10],
      "10 000": [10_000, 128, 10],
      "100 000": [100_000, 128, 10],
    }),
    "growth-d": growth({
      "16": [20_000, 16, 10],
      "128": [20_000, 128, 10],
      "1 024": [20_000, 1_024, 10],
    }),
    "growth-k": growth({
      "1": [20_000, 128, 1],
      "100": [20_000, 128, 100],
      "1 000": [20_000, 128, 1_000],
    }),
  },
  figures: [
    { bench: "call", of: "ffi-addon", over: "bare dlopen", atMost: 1.2 },
    { bench: "search", of: "ffi-addon", over: "in TypeScript", atLeast: 4 },
    { bench: "search", of: "ffi-addon", over: "reading the memory", atLeast: 0.9 },
    { bench: "euclidean", of: "ffi-addon", over: "in TypeScript", atLeast: 4 },
    { bench: "euclidean", of: "ffi-addon", over: "reading the memory", atLeast: 0.9 },
  ],
};
