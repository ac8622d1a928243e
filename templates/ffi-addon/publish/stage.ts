// `bun run stage`: builds dist/library/, and creates dist/package/, the main package as it is published. Refuses without
// prebuilt libraries of this C code.
import { join } from "node:path";
import { stagePackage } from "#lib/stage-package";
import { buildJavaScript } from "../scripts/javascript.ts";
import { root } from "../src/artifacts.ts";
import { listDependencies, readPackages } from "./packages.ts";

try {
  const { packages, missing } = readPackages();
  await buildJavaScript(join(root, "dist/library"));
  await stagePackage({ optionalDependencies: listDependencies(packages) }, root);
  if (missing.length > 0) console.warn(`Without a prebuilt library: ${missing.join(", ")}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
