// The code frame of an error: which lines and which part of a long line it shows, and where the mark is.
import { expect, test } from "bun:test";
import { jsonlFormat } from "../src/formats/jsonl.ts";
import { drawFrame } from "../src/frame.ts";
import { errorOf } from "./formats/parse.ts";

const WIDTH = 120;

/** Returns the text and the mark of a frame with one line, without the gutter. */
function frameOf(content: string, column: number, length = 1): [text: string, mark: string] {
  const [text = "", mark = ""] = drawFrame([content], 1, column, length).split("\n");
  return [text.replace("> 1 | ", ""), mark.replace(/^ {4}\| /, "")];
}

test("a line that fits is shown whole", () => {
  const line = `${"a".repeat(WIDTH - 1)}X`;
  expect(frameOf(line, WIDTH)).toEqual([line, `${" ".repeat(WIDTH - 1)}^`]);
});

test("a long line is shown around the column, with an ellipsis at each cut", () => {
  const line = `${"a".repeat(200)}X${"b".repeat(200)}`;
  const [text, mark] = frameOf(line, 201);
  expect(text).toMatch(/^…a+Xb+…$/);
  expect(text).toHaveLength(WIDTH);
  expect(mark).toBe(`${" ".repeat(text.indexOf("X"))}^`);
});

test("a long line is cut only where text is missing", () => {
  const tail = "b".repeat(200);
  expect(frameOf(`X${tail}`, 1)[0]).toBe(`X${tail.slice(0, WIDTH - 2)}…`);
  expect(frameOf(`${tail}X`, 201)[0]).toBe(`…${tail.slice(0, WIDTH - 2)}X`);
  // The mark after the last character, for a line that ends too early.
  expect(frameOf(tail, 201)[1]).toBe(`${" ".repeat(WIDTH)}^`);
});

test("the mark ends with the part that is shown", () => {
  const [text, mark] = frameOf("a".repeat(400), 201, 150);
  expect(mark).toHaveLength(text.length);
  expect(mark).toEndWith("^^");
});

test("the mark of a long line is right after tabs, and after characters of two code units", () => {
  // With one more character before them, the window starts in the middle of a pair.
  for (const before of ["", "a"]) {
    const line = `${before}${"🎉\t".repeat(100)}X${"🎉".repeat(100)}`;
    const [text, mark] = frameOf(line, line.indexOf("X") + 1);
    expect(text.isWellFormed()).toBe(true);
    const indent = text.slice(0, text.indexOf("X"));
    expect(mark).toBe(`${indent.replaceAll(/[^\t]/g, " ")}^`);
    expect(indent).toContain("🎉\t");
  }
});

test("a long line above or below is cut at its end", () => {
  const long = "a".repeat(200);
  const cut = `${"a".repeat(WIDTH - 1)}…`;
  expect(drawFrame([long, "X", long], 2, 1, 1)).toBe(
    `  1 | ${cut}\n> 2 | X\n    | ^\n  3 | ${cut}`,
  );
});

test("an error at the end of a long line is visible", async () => {
  const row = `{"text": "${"x".repeat(300)}", "id": 123456789012345678}`;
  const { diagnostics } = await errorOf(jsonlFormat, `${row}\n`);
  const [text = "", mark = ""] = (diagnostics[0]?.frame ?? "").split("\n");
  expect(text).toEndWith('x", "id": 123456789012345678}');
  expect(text.slice(mark.indexOf("^"), mark.lastIndexOf("^") + 1)).toBe("123456789012345678");
});
