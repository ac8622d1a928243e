// Reads docs/bun-notes.md: one row per statement, with its verdict and the test that shows it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspaces.ts";

export const PAGE = "docs/bun-notes.md";
export const VERDICTS = ["holds", "wrong", "outdated", "harmful"] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Row {
  /** Names the statement, like `memory/slice`. */
  readonly id: string;
  /** The line of the page, counted from 1. */
  readonly line: number;
  readonly heading: string;
  readonly statement: string;
  readonly verdict: Verdict;
  /** The behaviour of the pinned Bun. */
  readonly cell: string;
  /** The path of the test file, relative to docs/. */
  readonly test: string;
}

const ROW =
  /^\| (?<statement>.+?) +\| \*\*(?<verdict>\w+)\*\* +\| (?<cell>.+?) +\| \[`(?<id>[^`]+)`\]\((?<test>[^)]+)\) +\|$/;

function parse(page: string): readonly Row[] {
  let heading = "";
  return page.split("\n").flatMap((text, index) => {
    heading = /^## (.+)$/.exec(text)?.[1] ?? heading;
    const groups = ROW.exec(text)?.groups;
    if (groups === undefined) return [];
    return [{ line: index + 1, heading, ...(groups as unknown as Omit<Row, "line" | "heading">) }];
  });
}

export const rows = parse(readFileSync(join(root, PAGE), "utf8"));
