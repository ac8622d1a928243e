// Jobs on the page in Chromium: progress, a reload while the job runs, and cancelling it.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import { canOpenTabs, openTab, until } from "./test-tab.ts";

test.skipIf(!canOpenTabs)("a job is shown again after a reload, and can be cancelled", async () => {
  // One worker, which the first job occupies.
  await using server = await TestServer.start({ JOB_WORKERS: "1" });
  const tab = await openTab(server.url);
  const state = `[...document.querySelectorAll("#files .file")].map((file) => file.textContent).join("|")`;
  try {
    await until(tab, `document.querySelector("#status").dataset.state === "live"`);
    await tab.evaluate(`(() => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(400_000_000).fill(97)], "huge.txt"));
      document.querySelector("#file").files = files.files;
      document.querySelector("#upload").requestSubmit();
    })()`);
    const cancel = `document.querySelector("#files .file button:not([hidden])")`;
    await until(tab, `${cancel} !== null`);
    await tab.navigate(server.url);
    await until(tab, `${cancel} !== null`);
    expect(await tab.evaluate<string>(state)).toContain("huge.txt");
    await tab.evaluate(`${cancel}.click()`);
    await until(tab, `/cancelled/.test(${state}) || /words/.test(${state})`);
    expect(await tab.evaluate<string>(state)).toContain("The job was cancelled.");
    expect(await tab.evaluate<boolean>(`${cancel} === null`)).toBe(true);
  } finally {
    tab.close();
  }
});
