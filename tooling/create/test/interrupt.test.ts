// A signal during a run: the exit code is 130, and no file is left behind.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { COMMON_FILES, ended, Sandbox, until } from "./sandbox.ts";
import { NEEDY, openStuckRegistry } from "./stuck-registry.ts";

setDefaultTimeout(120_000);

const LARGE = Object.fromEntries(
  Array.from({ length: 2000 }, (_, index) => [`src/${index}.ts`, `export default ${index};\n`]),
);

/** Whether the run has started but not finished writing, which is when the signal is sent. */
const isWriting = async (folder: string): Promise<boolean> => {
  const staging = (await readdir(folder)).find((name) => name.startsWith("."));
  return staging !== undefined;
};

describe.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM"] as const)(
  "%s",
  (signal) => {
    test("while a new directory is written", async () => {
      await using box = await Sandbox.open();
      await box.addTemplate("large", { "package.json": "{}", ...LARGE });
      const run = box.spawn(["app", "--template", "large", "--json"]);
      await until(() => isWriting(box.cwd));
      run.kill(signal);
      const { code, stdout } = await ended(run);
      expect(code).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({
        ok: false,
        files: [],
        steps: [],
        error: { code: "interrupted" },
      });
      expect(await box.list()).toEqual([]);
    });

    test("while files are written over others", async () => {
      await using box = await Sandbox.open();
      await box.addTemplate("large", { "package.json": "{}", ...LARGE });
      await box.write({ "app/package.json": "mine", "app/src/1.ts": "mine" });
      const run = box.spawn(["app", "--template", "large", "--force"]);
      await until(() => isWriting(join(box.cwd, "app")));
      run.kill(signal);
      expect(await ended(run)).toMatchObject({ code: 130 });
      expect(await box.tree()).toEqual(["app/package.json", "app/src/1.ts"]);
      expect(await box.read("app/package.json")).toBe("mine");
    });
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function startInstall(
  box: Sandbox,
  registry: ReturnType<typeof openStuckRegistry>,
  ...args: string[]
) {
  await box.addTemplate("large", NEEDY);
  const run = box.spawn(["--template", "large", ...args], { env: registry.env });
  await registry.asked;
  return run;
}

describe.skipIf(process.platform === "win32")("SIGINT while it installs", () => {
  test("removes the new directory, and the parents that it created", async () => {
    await using box = await Sandbox.open();
    await using registry = openStuckRegistry();
    const run = await startInstall(box, registry, "deep/app");
    expect(await box.list("deep/app")).toContain("package.json");
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.list()).toEqual([]);
  });

  test("removes it also if the install ends before this process handles Ctrl-C", async () => {
    await using box = await Sandbox.open();
    await using registry = openStuckRegistry();
    const run = await startInstall(box, registry, "app");
    const install = Number(await Bun.$`pgrep -P ${run.pid}`.text());
    process.kill(install, "SIGINT");
    while (isRunning(install)) await Bun.sleep(1);
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.list()).toEqual([]);
  });

  test("keeps what another program wrote next to it", async () => {
    await using box = await Sandbox.open();
    await using registry = openStuckRegistry();
    const run = await startInstall(box, registry, "deep/er/app");
    await box.write({ "deep/mine": "mine" });
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.tree()).toEqual(["deep/mine"]);
    expect(await box.list("deep")).toEqual(["mine"]);
  });

  test("empties a directory that was empty", async () => {
    await using box = await Sandbox.open();
    await using registry = openStuckRegistry();
    const run = await startInstall(box, registry, ".");
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.list()).toEqual([]);
  });

  test("restores overwritten files", async () => {
    await using box = await Sandbox.open();
    await box.write({ "app/package.json": "mine", "app/src/mine.ts": "mine" });
    await using registry = openStuckRegistry();
    const run = await startInstall(box, registry, "app", "--force");
    expect(await box.read("app/package.json")).not.toBe("mine");
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.tree()).toEqual(["app/package.json", "app/src/mine.ts"]);
    expect(await box.read("app/package.json")).toBe("mine");
  });
});

describe.skipIf(process.platform === "win32")("an interrupt after the lockfile was written", () => {
  /** The install runs this script last. */
  const slow = (folder: string) => ({
    ...{ name: "slow", private: true, workspaces: ["dep", "apps/*"] },
    scripts: { postinstall: `touch ${folder}/installed && sleep 600` },
  });

  test("restores the lockfile of the workspace", async () => {
    await using box = await Sandbox.open();
    await box.write({
      "package.json": JSON.stringify(slow(box.cwd)),
      "dep/package.json": '{"name":"dep","version":"1.0.0"}',
    });
    await Bun.$`${process.execPath} install --ignore-scripts`.cwd(box.cwd).env(box.env()).quiet();
    const before = await box.read("bun.lock");
    const run = box.spawn(["apps/api", "--template", "tiny"]);
    await until(async () => (await box.list()).includes("installed"));
    expect(await box.read("bun.lock")).not.toBe(before);
    run.kill("SIGINT");
    const { code, stderr } = await ended(run);
    expect(code).toBe(130);
    expect(stderr).toContain("the project was removed. The workspace may have links to it");
    expect(await box.read("bun.lock")).toBe(before);
    expect(await box.list()).not.toContain("apps");
  });

  test.skipIf(process.getuid?.() !== 0)("a file that cannot be removed is named", async () => {
    await using box = await Sandbox.open();
    await box.write({
      "package.json": JSON.stringify(slow(box.cwd)),
      "dep/package.json": '{"name":"dep","version":"1.0.0"}',
    });
    const run = box.spawn(["apps/api", "--template", "tiny"]);
    await until(async () => (await box.list()).includes("installed"));
    const file = join(box.cwd, "apps/api/src/main.ts");
    await Bun.$`chattr +i ${file}`;
    run.kill("SIGINT");
    const { code, stderr } = await ended(run);
    await Bun.$`chattr -i ${file}`;
    expect(code).toBe(130);
    expect(stderr).toContain(`${join(box.cwd, "apps/api")} could not be removed`);
    expect(await box.list()).not.toContain("bun.lock");
  });

  test("restores one that --force kept", async () => {
    await using box = await Sandbox.open();
    await box.addTemplate("large", {
      "package.json": JSON.stringify(slow(box.cwd)),
      "dep/package.json": '{"name":"dep","version":"1.0.0"}',
    });
    const mine =
      '{ "lockfileVersion": 1, "workspaces": { "": { "name": "mine" } }, "packages": {} }';
    await box.write({ "app/bun.lock": mine });
    const run = box.spawn(["app", "--template", "large", "--force"]);
    await until(async () => (await box.list()).includes("installed"));
    expect(await box.read("app/bun.lock")).not.toBe(mine);
    run.kill("SIGINT");
    expect(await ended(run)).toMatchObject({ code: 130 });
    expect(await box.tree("app")).toEqual(["bun.lock"]);
    expect(await box.read("app/bun.lock")).toBe(mine);
  });
});

test("a failed install does not hide what was replaced", async () => {
  await using box = await Sandbox.open();
  await box.addTemplate("large", NEEDY);
  await box.write({ "app/package.json": "mine" });
  const nowhere = {
    npm_config_registry: "http://127.0.0.1:1/",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
  };
  const { code, stdout } = await box.run(["app", "--template", "large", "--force"], {
    env: nowhere,
  });
  expect(code).toBe(1);
  expect(stdout).toEndWith("  replaced package.json\n");
});

test("with an unreachable registry, the files are kept and the command to retry is printed", async () => {
  await using box = await Sandbox.open();
  await box.addTemplate("large", NEEDY);
  const nowhere = {
    npm_config_registry: "http://127.0.0.1:1/",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
  };
  const failed = await box.run(["app", "--template", "large"], { env: nowhere });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(`Try again: cd ${join(box.cwd, "app")} && bun install`);
  expect(await box.tree("app")).toEqual([...COMMON_FILES, "src/main.ts"]);
  const json = await box.run(["two", "--template", "large", "--json"], { env: nowhere });
  const { ok, files, steps, error } = JSON.parse(json.stdout);
  expect({ ok, files, code: error.code }).toEqual({
    ok: false,
    files: [...COMMON_FILES, "src/main.ts"],
    code: "install_failed",
  });
  expect(steps).toMatchObject([
    { step: "write", status: "done" },
    { step: "install", status: "failed" },
    { step: "git", status: "skipped", reason: "not reached" },
  ]);
});
