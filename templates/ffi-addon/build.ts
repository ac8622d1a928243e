// Compiles native/ into dist/native/ with $CC, cc, clang, gcc or zig cc.
import { join, relative } from "node:path";
import { buildLibrary } from "./scripts/compile.ts";
import { findCompiler } from "./scripts/compiler.ts";
import { root } from "./src/library.ts";

try {
  const folder = join(root, "dist/native");
  const { path, cached } = buildLibrary(findCompiler(process.env.CC), { folder });
  console.log(`${cached ? "Unchanged" : "Compiled"}: ${relative(root, path)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
