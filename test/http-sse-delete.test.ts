// The README of http-sse says that a feature is a file and a line: without them, the rest still works.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./workspaces.ts";

setDefaultTimeout(300_000);

let place: string;
let project: string;
beforeAll(async () => {
  place = await realpath(await mkdtemp(join(tmpdir(), "bunyard-delete-")));
  project = join(place, "project");
  const create = join(root, "tooling", "create", "src", "main.ts");
  await run(place, [create, project, "--template", "http-sse", "--no-git", "--yes"]);
});
afterAll(() => rm(place, { recursive: true, force: true }));

async function run(cwd: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, REDIS_URL: "" };
  const child = Bun.spawn([process.execPath, ...args], { cwd, env, stderr: "pipe" });
  const [code, out, error] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(code, `${args.join(" ")}\n${out}\n${error}`).toBe(0);
}

/** Starts the project and asks it for some paths. */
async function statuses(paths: readonly string[]): Promise<number[]> {
  const child = Bun.spawn([process.execPath, "src/main.ts"], {
    cwd: project,
    env: { ...process.env, PORT: "0", REDIS_URL: "", DATA_DIR: join(place, "data") },
    stdout: "pipe",
  });
  try {
    let output = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      output += decoder.decode(chunk);
      const url = /listening on (http:\S+?)\/?\s/.exec(output)?.[1];
      if (!url) continue;
      return await Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
    }
    throw new Error(`It did not listen: ${output}`);
  } finally {
    child.kill();
    await child.exited;
  }
}

test.each([
  ["analysis", "/api/uploads/x/analysis"],
  ["events", "/api/events"],
  ["messages", "/api/messages"],
  ["openapi", "/openapi.json"],
  ["page", "/"],
  ["uploads", "/api/uploads/x"],
])(
  "without its file and its line, %s is gone and the rest passes its checks",
  async (group, gone) => {
    const index = Bun.file(join(project, "src/routes/index.ts"));
    const file = Bun.file(join(project, `src/routes/${group}.ts`));
    const before = { index: await index.text(), file: await file.text() };
    try {
      const lines = before.index.split("\n");
      await index.write(lines.filter((line) => !line.includes(`"./${group}.ts"`)).join("\n"));
      await file.delete();
      await run(project, ["run", "check"]);
      expect(await statuses(["/healthz", gone])).toEqual([200, 404]);
      const tests = ["env", "openapi"].filter((name) => name !== group);
      await run(project, ["test", ...tests.map((name) => `test/${name}.test.ts`)]);
    } finally {
      await index.write(before.index);
      await file.write(before.file);
    }
  },
);
