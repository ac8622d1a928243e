// The version that a project needs is the same everywhere. tooling/create tests the message with old versions of Bun.
import { expect, test } from "bun:test";

const root = `${import.meta.dir}/../../..`;

test("the module, the repository and the command need the same version", async () => {
  const source = await Bun.file(`${root}/packages/shared/src/bun-version.ts`).text();
  const required = /REQUIRED = "([^"]+)"/.exec(source)?.[1];
  for (const folder of [root, `${root}/tooling/create`]) {
    const { engines } = await Bun.file(`${folder}/package.json`).json();
    expect(engines).toEqual({ bun: `>=${required}` });
  }
});

test("the running version passes", async () => {
  const script = `${root}/packages/shared/src/bun-version.ts`;
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "pipe" });
  expect(await child.stderr.text()).toBe("");
  expect(await child.exited).toBe(0);
});
