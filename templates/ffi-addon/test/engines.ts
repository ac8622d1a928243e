// Every backend that works on this machine, opened side by side for the differential tests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../scripts/compile.ts";
import { openEngine } from "../src/backends.ts";
import type { Engine } from "../src/engine.ts";
import { findLibrary, root } from "../src/library.ts";
import { typescriptEngine } from "../src/typescript.ts";
import { compiler, tinycc } from "./toolchain.ts";

export const oracle = typescriptEngine;

export const nativeEngines: readonly Engine[] = [...(tinycc ? [tinycc] : []), ...builtEngines()];

export const engines: readonly Engine[] = [oracle, ...nativeEngines];

function builtEngines(): Engine[] {
  if (!compiler) return [];
  const compiled = compile(compiler, { folder: join(root, "dist/native") }).path;
  const packages = mkdtempSync(join(tmpdir(), "ffi-addon-packages-"));
  try {
    const { success, stderr } = Bun.spawnSync(
      [process.execPath, join(root, "pack.ts"), "--out", packages],
      { stderr: "pipe" },
    );
    if (!success) throw new Error(stderr.toString());
    const packed = findLibrary(packages, "bun run pack");
    return [openEngine("compiled", compiled), openEngine("prebuilt", packed)];
  } finally {
    rmSync(packages, { recursive: true, force: true });
  }
}
