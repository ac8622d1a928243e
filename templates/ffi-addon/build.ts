// Builds dist/library/ (JavaScript and declarations), and compiles native/ into dist/native/ with $CC or the first
// compiler that is found.
import { join, relative } from "node:path";
import { buildLibrary } from "./scripts/compile.ts";
import { findCompiler } from "./scripts/compiler.ts";
import { buildJavaScript } from "./scripts/javascript.ts";
import { root } from "./src/artifacts.ts";

try {
  await buildJavaScript(join(root, "dist/library"));
  const folder = join(root, "dist/native");
  const { path, cached } = buildLibrary(findCompiler(process.env.CC), { folder });
  console.log(`${cached ? "Unchanged" : "Compiled"}: ${relative(root, path)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
