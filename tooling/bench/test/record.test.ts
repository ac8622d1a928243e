// The README shows the recorded results, and nothing else.
import { expect, test } from "bun:test";
import { readResults, withResults } from "../src/record.ts";

test("the README's results are those of the folder", async () => {
  const readme = await Bun.file(`${import.meta.dir}/../README.md`).text();
  expect(withResults(readme, await readResults())).toBe(readme);
});
