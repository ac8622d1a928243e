// Jobs on the page in Chromium: progress, a reload while the job runs, and cancelling it.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
// #region auth
import { SECRET, tokenOf } from "../auth/test-tokens.ts";
// #endregion
import { startJob, uploadHuge } from "../jobs/test-client.ts";
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

/** Uploads files by the form of the page. */
const uploadAll = (...contents: string[]) => `(() => {
  for (const content of ${JSON.stringify(contents)}) {
    const files = new DataTransfer();
    files.items.add(new File([content], "small.txt"));
    document.querySelector("#file").files = files.files;
    document.querySelector("#upload").requestSubmit();
  }
})()`;
const cancelButtons = `[...document.querySelectorAll("#files .file button")]`;
const isLive = `document.querySelector("#status").dataset.state === "live"`;

test.skipIf(!canOpenTabs)(
  "a tab with many jobs uses one stream for them, and still posts",
  async () => {
    await using server = await TestServer.start({ JOB_WORKERS: "1", METRICS_PORT: "0" });
    // Keeps the only worker busy.
    const huge = await startJob(server, await uploadHuge(server));
    const tab = await openTab(server.url);
    try {
      await until(tab, isLive);
      await tab.evaluate(uploadAll(...Array.from({ length: 8 }, (_, i) => `${i}`)));
      await until(tab, `${cancelButtons}.length === 8`);
      await tab.click("#text");
      await tab.type("posted");
      await tab.press("Enter");
      await until(tab, `document.querySelector("#messages").textContent.includes("posted")`);
      const metrics = /http:\/\/\S+\/metrics/.exec(server.output)?.[0] ?? "";
      let streams = "";
      while (streams !== "2") {
        streams = /^sse_streams (.*)$/m.exec(await (await fetch(metrics)).text())?.[1] ?? "";
      }
      await server.fetch(`/api/jobs/${huge.id}`, { method: "DELETE" });
      await until(
        tab,
        `document.querySelector("#files").textContent.split("1 words").length === 9`,
      );
      while (streams !== "1") {
        streams = /^sse_streams (.*)$/m.exec(await (await fetch(metrics)).text())?.[1] ?? "";
      }
    } finally {
      tab.close();
    }
  },
);

test.skipIf(!canOpenTabs)("a reload says so if a job is no longer stored", async () => {
  await using server = await TestServer.start({ MESSAGES_KEEP: "3" });
  const tab = await openTab(server.url);
  const files = `document.querySelector("#files").textContent`;
  try {
    await until(tab, isLive);
    await tab.evaluate(uploadAll("one two"));
    await until(tab, `${files}.includes("2 words")`);
    for (let i = 0; i < 3; i++) await server.post(`${i}`);
    await tab.navigate(server.url);
    await until(tab, `${files}.includes("There is no such job.")`);
    expect(await tab.evaluate<number>(`${cancelButtons}.length`)).toBe(0);
  } finally {
    tab.close();
  }
});

// #region auth
test.skipIf(!canOpenTabs)(
  "a cancellation that is refused can be repeated, and the job goes on",
  async () => {
    await using server = await TestServer.start({ AUTH_SECRET: SECRET, JOB_WORKERS: "1" });
    const token = await tokenOf({ publish: ["uploads"], subscribe: ["*"] });
    const tab = await openTab(server.url);
    try {
      await tab.evaluate(`sessionStorage.setItem("token", ${JSON.stringify(token)})`);
      await tab.navigate(server.url);
      await until(tab, isLive);
      const size = 100_000_000;
      await tab.evaluate(uploadAll("").replace("[content]", `[new Uint8Array(${size})]`));
      await until(tab, `${cancelButtons}.length === 1`);
      await tab.evaluate(`${cancelButtons}[0].click()`);
      await until(tab, `${cancelButtons}[0]?.textContent.includes("does not allow") ?? true`);
      await until(tab, `document.querySelector("#files").textContent.includes("1 words")`);
      expect(await tab.evaluate<number>(`${cancelButtons}.length`)).toBe(0);
      expect(await tab.evaluate(`document.querySelector("#files .error")`)).toBeNull();
    } finally {
      tab.close();
    }
  },
);
// #endregion
