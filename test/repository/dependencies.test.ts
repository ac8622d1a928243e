// Dependencies: exact, the same version everywhere, not too new, and without install scripts.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Manifest, readText, readWorkspaces, repositoryFiles, root } from "../workspaces.ts";

const workspaces = await readWorkspaces();

const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;
function dependenciesOf(manifest: Manifest): [name: string, version: string][] {
  return kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
}

test("every version is exact", () => {
  const problems = workspaces.flatMap(({ directory, manifest }) =>
    dependenciesOf(manifest)
      .filter(
        ([, version]) => version !== "workspace:*" && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
      )
      .map(([name, version]) => `${directory}/package.json: write ${name} ${version} as x.y.z`),
  );
  expect(problems).toEqual([]);
});

test("a dependency has the same version everywhere", () => {
  const uses = Map.groupBy(
    workspaces.flatMap(({ directory, manifest }) =>
      dependenciesOf(manifest).map(([name, version]) => ({ directory, name, version })),
    ),
    ({ name }) => name,
  );
  const problems = [...uses]
    .filter(([, users]) => new Set(users.map(({ version }) => version)).size > 1)
    .map(([name, users]) => {
      const places = users.map(({ directory, version }) => `${directory} ${version}`).join(", ");
      return `choose one version of ${name}: ${places}`;
    });
  expect(problems).toEqual([]);
});

test("nothing runs on install", () => {
  const hooks = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
  const problems = workspaces.flatMap(({ directory, manifest }) =>
    hooks
      .filter((hook) => manifest.scripts?.[hook] !== undefined)
      .map((hook) => `${directory}/package.json: remove the script ${hook}`),
  );
  expect(problems).toEqual([]);
  const trusted = workspaces[0]?.manifest.trustedDependencies;
  expect(trusted, "package.json: trust no dependency with install scripts").toEqual([]);
});

test("nothing younger than three days is installed", async () => {
  const { default: bunfig } = await import(join(root, "bunfig.toml"));
  expect(bunfig.install.minimumReleaseAge).toBeGreaterThanOrEqual(3 * 24 * 60 * 60);
  expect(bunfig.install.exact).toBe(true);
});

test("bun.lock is what the manifests ask for", async () => {
  const copy = await mkdtemp(join(tmpdir(), "bunyard-lock-"));
  try {
    const files = (await repositoryFiles()).filter((path) =>
      /(^|\/)(package\.json|bun\.lock|bunfig\.toml)$/.test(path),
    );
    for (const path of files) await Bun.write(join(copy, path), Bun.file(join(root, path)));
    const install = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--dry-run"], {
      cwd: copy,
      stdout: "pipe",
      stderr: "pipe",
    });
    const output = `${await install.stdout.text()}${await install.stderr.text()}`;
    const advice = "run `bun install` at the root and commit bun.lock";
    expect((await install.exited) === 0 ? "clean" : `${advice}\n${output}`).toBe("clean");
    expect(await Bun.file(join(copy, "bun.lock")).text()).toBe(await readText("bun.lock"));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

test("there is one lockfile, but for peers of the benchmarks outside the workspace", async () => {
  const directories = new Set(workspaces.map(({ directory }) => directory));
  const problems = (await repositoryFiles())
    .filter((path) =>
      /(^|\/)(bun\.lockb?|package-lock\.json|yarn\.lock|pnpm-lock\.yaml)$/.test(path),
    )
    .filter((path) => path !== "bun.lock" && directories.has(dirname(path)))
    .map((path) => `${path}: remove it; a workspace is locked by bun.lock at the root`);
  expect(problems).toEqual([]);
});

test("bun.lock knows the packages of every platform", async () => {
  const { packages } = Bun.JSONC.parse(await readText("bun.lock")) as {
    packages: Readonly<Record<string, readonly [id: string, ...rest: unknown[]]>>;
  };
  const problems = Object.values(packages).flatMap(([id, , info]) =>
    Object.keys((info as Manifest | undefined)?.optionalDependencies ?? {})
      .filter((name) => !(name in packages))
      .map((name) => `bun.lock: ${name} of ${id} is missing; take ${id} out and install again`),
  );
  expect(problems).toEqual([]);
});
