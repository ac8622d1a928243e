// The README of http-sse says how to remove a feature: its folder and its lines in app.ts.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, realpath, rename, rm } from "node:fs/promises";
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

/** Starts the project and returns the status of each path. */
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
    throw new Error(`The project did not listen: ${output}`);
  } finally {
    child.kill();
    await child.exited;
  }
}

test.each([
  ["openapi", "/openapi.json"],
  ["page", "/"],
])(
  "without its folder and its lines in app.ts, %s is gone and the checks pass",
  async (feature, gone) => {
    const app = Bun.file(join(project, "src/app.ts"));
    const folder = join(project, "src/features", feature);
    const before = await app.text();
    try {
      const isIts = (line: string) =>
        line.includes(`features/${feature}/`) || line.includes(`${feature}Routes`);
      await app.write(
        before
          .split("\n")
          .filter((line) => !isIts(line))
          .join("\n")
          // The page was the last line of the chain.
          .replace(/\)\n}/, ");\n}"),
      );
      await rename(folder, join(place, feature));
      await run(project, ["run", "check"]);
      expect(await statuses(["/healthz", "/api/messages", gone])).toEqual([200, 200, 404]);
      await run(project, ["test", "test/env.test.ts", "test/start.test.ts"]);
    } finally {
      await app.write(before);
      await rename(join(place, feature), folder);
    }
  },
);
