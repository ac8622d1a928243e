// Every backend that works on this machine, opened side by side for the differential tests.
// #region prebuilt
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
// #endregion
import { join } from "node:path";
import { compile } from "../scripts/compile.ts";
import { root } from "../src/artifacts.ts";
import { openEngine } from "../src/backends.ts";
import type { Engine } from "../src/engine.ts";
import { typescriptEngine } from "../src/typescript.ts";
import { compiler, tinycc } from "./toolchain.ts";

export const oracle = typescriptEngine;

export const nativeEngines: readonly Engine[] = [...(tinycc ? [tinycc] : []), ...builtEngines()];

/**
 * The compiled library, once for each instruction set of this machine, and on x64 a second time with fused multiply-adds.
 * On x64, only the fast loops have instructions for them, and these must not change the results. On ARM, the exact scores
 * would be fused, too, and would differ.
 */
export function listVariants(): readonly (readonly [name: string, engine: Engine])[] {
  if (!compiler) return [];
  const folder = join(root, "dist/native");
  const variants: [string, Engine][] = [];
  const names = new Set<string>();
  for (let skipped = 0; ; skipped++) {
    const skip = `-DADDON_SKIP_FASTEST=${skipped}`;
    const engine = openEngine("compiled", compile(compiler, { folder, flags: [skip] }).path);
    const name = engine.simd();
    if (names.has(name)) return variants;
    names.add(name);
    variants.push([name, engine]);
    if (process.arch !== "x64") continue;
    const { path } = compile(compiler, { folder, flags: [skip, "-ffp-contract=fast"] });
    variants.push([`${name} with fused multiply-adds`, openEngine("compiled", path)]);
  }
}

export const engines: readonly Engine[] = [oracle, ...nativeEngines];

function builtEngines(): Engine[] {
  if (!compiler) return [];
  const built = [
    openEngine("compiled", compile(compiler, { folder: join(root, "dist/native") }).path),
  ];
  // #region prebuilt
  built.push(openPackaged());
  // #endregion
  return built;
}
// #region prebuilt

function openPackaged(): Engine {
  const packages = mkdtempSync(join(tmpdir(), "ffi-addon-packages-"));
  try {
    const { success, stderr } = Bun.spawnSync(
      [process.execPath, join(root, "publish/package.ts"), "--out", packages],
      { stderr: "pipe" },
    );
    if (!success) throw new Error(stderr.toString());
    const [packed = ""] = new Bun.Glob("**/addon.*").scanSync({ cwd: packages, absolute: true });
    return openEngine("prebuilt", packed);
  } finally {
    rmSync(packages, { recursive: true, force: true });
  }
}
// #endregion
