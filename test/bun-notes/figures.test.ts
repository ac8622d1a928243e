// The figures of the document, beside those of `bun run bench notes`.
import { expect } from "bun:test";
import { join } from "node:path";
import { root } from "../workspaces.ts";
import { rows } from "./page.ts";
import { statement } from "./statement.ts";

interface Recorded {
  readonly benches: Readonly<
    Record<string, { readonly contestants: Readonly<Record<string, { readonly median: number }>> }>
  >;
}

const { benches }: Recorded = await Bun.file(join(root, "tooling/bench/results/notes.json")).json();

/** Two significant digits, as the page has them. */
const round = (ratio: number) => String(Number(ratio.toPrecision(2)));

/** Declares that the row shows the recorded ratio of two medians, as `12 ×`. */
function figure(id: string, bench: string, more: string, less: string) {
  statement(id, () => {
    const { contestants } = benches[bench] ?? { contestants: {} };
    const ratio =
      (contestants[more]?.median ?? Number.NaN) / (contestants[less]?.median ?? Number.NaN);
    expect(rows.find((row) => row.id === id)?.cell).toContain(`${round(ratio)} ×`);
  });
}

figure("memory/footprint", "memory", "node:http on Node.js", "Bun.serve");
figure("node/startup", "startup", "Node.js", "Bun");
figure("node/file-io", "read-file", "Bun.file().text()", "readFile in Node.js");
figure("node/http", "http", "Bun.serve", "node:http on Node.js");
figure("node/memory", "memory", "node:http on Node.js", "Bun.serve");
figure("memory/pool-speed", "buffers", "a pool of 64 KiB", "allocUnsafe(64 KiB)");
figure("tips/file-speed", "read-file", "Bun.file().text()", "readFile in Bun");
figure("benchmarks/startup", "startup", "Node.js", "Bun");
figure("benchmarks/modules", "modules", "Node.js, require", "Bun, import");
figure("benchmarks/http", "http", "Bun.serve", "node:http on Node.js");
figure("benchmarks/sqlite", "sqlite-inserts", "bun:sqlite", "better-sqlite3 on Node.js");
