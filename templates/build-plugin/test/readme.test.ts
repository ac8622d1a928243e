// The loader in the README works, and takes no more lines than it says.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { LoaderPlugin } from "../src/index.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { load } from "./load.ts";

test(
  "a loader of one's own takes 20 lines",
  async () => {
    using folder = new Folder();
    const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();
    const section = readme.split("## Write your own loader")[1] ?? "";
    const code = /```ts\n(.+?)```/s.exec(section)?.[1] ?? "";
    expect(
      code
        .trim()
        .split("\n")
        .filter((line) => line !== "").length,
    ).toBeLessThanOrEqual(20);
    await folder.write({
      "csv.ts": code.replace("./index.ts", join(import.meta.dir, "../src/index.ts")),
      "good.csv": "name,price\r\ntea,3\r\ncake,4\r\n",
      "bad.csv": "name,price\ntea\n",
    });
    const { csv }: { csv: () => LoaderPlugin } = await import(folder.at("csv.ts"));
    expect((await load(folder, "good.csv", csv())).default).toEqual([
      { name: "tea", price: "3" },
      { name: "cake", price: "4" },
    ]);
    await expect(load(folder, "bad.csv", csv())).rejects.toThrow("bad.csv:2:1: has not 2 cells");
  },
  COMMAND_TIMEOUT,
);
