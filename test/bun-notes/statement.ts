// Registers the test of one statement, under the line of docs/bun-notes.md that a changed verdict makes wrong.
import { test } from "bun:test";
import { PAGE, rows } from "./page.ts";

interface Options {
  /** Skips the test when false, because this machine lacks a program, a server or the system. */
  readonly needs?: boolean;
}

/** Declares what happens on this Bun for the statement with this id. */
export function statement(
  id: string,
  check: () => void | Promise<void>,
  { needs = true }: Options = {},
) {
  const row = rows.find((row) => row.id === id);
  const title =
    row === undefined
      ? `${PAGE} has no row for ${id}`
      : `${PAGE}:${row.line} ${id} (${row.verdict}): ${row.statement}`;
  test.skipIf(!needs)(title, check);
}
