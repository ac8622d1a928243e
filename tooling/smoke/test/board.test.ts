// Running the matrix: the order of the cells, how many run concurrently, and what ends a row or the run.
import { expect, test } from "bun:test";
import { type Change, fill } from "../src/board.ts";
import { CELLS, type Cell } from "../src/cells.ts";

interface Plan {
  readonly names: readonly string[];
  readonly jobs?: number;
  readonly perform?: (starter: string, cell: Cell) => Promise<void>;
}

async function play({ names, jobs = 2, perform = () => Bun.sleep(1) }: Plan) {
  const begun: string[] = [];
  const disposed: string[] = [];
  const changes: Change[] = [];
  const stop = new AbortController();
  let running = 0;
  let most = 0;
  const entries = names.map((name) => ({
    starter: { name, template: name, without: undefined, service: true },
    work: {
      logOf: (cell: Cell) => `${name}-${cell}.log`,
      perform: async (cell: Cell) => {
        begun.push(`${name} ${cell}`);
        running += 1;
        most = Math.max(most, running);
        if (name === "stop" && cell === "check") stop.abort();
        await perform(name, cell).finally(() => {
          running -= 1;
        });
      },
      [Symbol.asyncDispose]: async () => void disposed.push(name),
    },
  }));
  const report = (change: Change) => void changes.push(change);
  const matrix = await fill(entries, { jobs, signal: stop.signal, report });
  return { matrix, begun, disposed, changes, most };
}

const posix = test.skipIf(process.platform === "win32");

posix(
  "cells of a starter run in order, starters side by side, no more at a time than they may",
  async () => {
    const { begun, most, disposed } = await play({ names: ["a", "b", "c"] });
    expect(most).toBe(2);
    for (const name of ["a", "b", "c"]) {
      const cells = begun.filter((entry) => entry.startsWith(name));
      expect(cells).toEqual(CELLS.map((cell) => `${name} ${cell}`));
    }
    // The starter that has waited longest is next: none finishes before every other one has begun.
    expect(begun.slice(0, 3)).toEqual(["a create", "b create", "c create"]);
    expect(disposed.sort()).toEqual(["a", "b", "c"]);
  },
);

posix("a red cell ends its row and no other", async () => {
  const { matrix, begun, disposed } = await play({
    names: ["a", "b"],
    perform: async (name, cell) => {
      if (name === "a" && cell === "test") throw new Error("planted\nwith more");
    },
  });
  expect(matrix.get("a")).toMatchObject({
    format: { status: "passed" },
    test: { status: "failed", reason: "planted", log: "a-test.log" },
    build: { status: "not run" },
    drain: { status: "not run" },
  });
  expect(matrix.get("b")).toMatchObject({ drain: { status: "passed" } });
  expect(begun).not.toContain("a build");
  expect(disposed.sort()).toEqual(["a", "b"]);
});

posix("once it is to stop, nothing more begins, and everything is disposed of", async () => {
  const { begun, disposed, matrix } = await play({ names: ["stop", "other"], jobs: 1 });
  expect(begun.at(-1)).toBe("stop check");
  expect(matrix.get("other")).toMatchObject({ test: { status: "waiting" } });
  expect(disposed.sort()).toEqual(["other", "stop"]);
});

posix("every change is reported: running, then the result", async () => {
  const { changes } = await play({ names: ["a"] });
  expect(changes.map(({ cell, state }) => `${cell} ${state.status}`)).toEqual(
    CELLS.flatMap((cell) => [`${cell} running`, `${cell} passed`]),
  );
});
