// Jobs on the page in Chromium: progress, a reload while the job runs, and cancelling it.
import { expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
// #region auth
import { bearer, SECRET, tokenOf } from "../auth/test-tokens.ts";
// #endregion
import { makeEndless, startJob, uploadEndless } from "../jobs/test-client.ts";
import { canOpenTabs, openTab, until } from "./test-tab.ts";

/** Uploads files by the form of the page. */
const uploadAll = (...contents: string[]) => `(() => {
  for (const content of ${JSON.stringify(contents)}) {
    const files = new DataTransfer();
    files.items.add(new File([content], "small.txt"));
    document.querySelector("#file").files = files.files;
    document.querySelector("#upload").requestSubmit();
  }
})()`;
const files = `document.querySelector("#files").textContent`;
const cancelButtons = `[...document.querySelectorAll("#files .file button")]`;
const isLive = `document.querySelector("#status").dataset.state === "live"`;

test.skipIf(!canOpenTabs)("a job is shown again after a reload, and can be cancelled", async () => {
  await using server = await TestServer.start({ JOB_WORKERS: "1" });
  // Keeps the only worker busy, until the file of the page's job is replaced.
  const first = await startJob(server, await uploadEndless(server));
  const tab = await openTab(server.url);
  try {
    await until(tab, isLive);
    await tab.evaluate(uploadAll("text"));
    await until(tab, `${cancelButtons}.length === 1`);
    const link = await tab.evaluate<string>(`document.querySelector("#files a").href`);
    await makeEndless(server, link.split("/").at(-1) ?? "");
    await server.fetch(`/api/jobs/${first.id}`, { method: "DELETE" });
    await until(tab, `${files}.includes("Analysing…")`);
    await tab.navigate(server.url);
    await until(tab, `${files}.includes("Analysing…")`);
    expect(await tab.evaluate<string>(files)).toContain("small.txt");
    await tab.evaluate(`${cancelButtons}[0].click()`);
    await until(tab, `${files}.includes("The job was cancelled.")`);
    expect(await tab.evaluate<number>(`${cancelButtons}.length`)).toBe(0);
  } finally {
    tab.close();
  }
});

test.skipIf(!canOpenTabs)(
  "a tab with many jobs uses one stream for them, and still posts",
  async () => {
    await using server = await TestServer.start({ JOB_WORKERS: "1", METRICS_PORT: "0" });
    // Keeps the only worker busy.
    const endless = await startJob(server, await uploadEndless(server));
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
      await server.fetch(`/api/jobs/${endless.id}`, { method: "DELETE" });
      await until(tab, `${files}.split("1 words").length === 9`);
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
  "a cancellation that is refused can be repeated, and the job continues",
  async () => {
    await using server = await TestServer.start({ AUTH_SECRET: SECRET, JOB_WORKERS: "1" });
    // Keeps the only worker busy.
    const headers = bearer(await tokenOf({ publish: ["*"] }));
    const request = { method: "POST", headers };
    const stored = await server.fetch("/api/uploads?name=x", { ...request, body: "x" });
    const { id } = (await stored.json()) as { id: string };
    await makeEndless(server, id);
    const endless = await server.fetch(`/api/uploads/${id}/analysis`, request);
    const token = await tokenOf({ publish: ["uploads"], subscribe: ["*"] });
    const tab = await openTab(server.url);
    try {
      await tab.evaluate(`sessionStorage.setItem("token", ${JSON.stringify(token)})`);
      await tab.navigate(server.url);
      await until(tab, isLive);
      await tab.evaluate(uploadAll("word"));
      await until(tab, `${cancelButtons}.length === 1`);
      await tab.evaluate(`${cancelButtons}[0].click()`);
      await until(tab, `${cancelButtons}[0].textContent.includes("does not allow")`);
      const location = endless.headers.get("location") ?? "";
      await server.fetch(location, { method: "DELETE", headers });
      await until(tab, `${files}.includes("1 words")`);
      expect(await tab.evaluate<number>(`${cancelButtons}.length`)).toBe(0);
      expect(await tab.evaluate(`document.querySelector("#files .error")`)).toBeNull();
    } finally {
      tab.close();
    }
  },
);
// #endregion
