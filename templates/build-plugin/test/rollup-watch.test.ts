// The watch modes of Rollup and Rolldown build again after a change of a content file, also if it was invalid.
import { setDefaultTimeout, test } from "bun:test";
import { watch as rolldown } from "rolldown";
import { watch as rollup } from "rollup";
import { jsonl } from "../src/rollup.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Folder } from "./folder.ts";
import { until } from "./until.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test.each(Object.entries({ rollup, rolldown }))("%s", async (_, watch) => {
  using project = new Folder();
  await project.write({
    "rows.jsonl": '"one"\n',
    "main.js": 'import rows from "./rows.jsonl";\nconsole.log(rows);\n',
  });
  const file = project.at("out.js");
  const plugins = [jsonl()];
  const watcher = watch({ input: project.at("main.js"), plugins, output: { file } });
  let error = "";
  watcher.on("event", (event) => {
    if (event.code === "ERROR") error = event.error.message;
  });
  const output = () => Bun.file(file).text();
  /** Saves again from time to time: on a busy machine, the first save may come before the watch. */
  const save = (text: string, read: () => string | Promise<string>, wanted: string) => {
    let polls = 0;
    return until(text, async () => {
      if (polls++ % 100 === 0) await project.write({ "rows.jsonl": text });
      return (await read()).includes(wanted);
    });
  };
  try {
    await until("the first build", async () => (await output()).includes("one"));
    await save("oops\n", () => error, "rows.jsonl:1:1");
    await save('"two"\n', output, "two");
  } finally {
    await watcher.close();
  }
});
