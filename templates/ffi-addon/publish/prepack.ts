// Package managers run this before they pack or publish: it refuses without prebuilt libraries of this C code, builds
// dist/library/, lists the platform packages in package.json, and replaces README.md with NPM.md until publish/postpack.ts runs.
import { join } from "node:path";
import { replaceWithPublished } from "#lib/published-files";
import { buildJavaScript } from "../scripts/javascript.ts";
import { root } from "../src/artifacts.ts";
import { readPackages, writeOptionalDependencies } from "./packages.ts";

try {
  const { packages, missing } = readPackages();
  await buildJavaScript(join(root, "dist/library"));
  writeOptionalDependencies(packages.map(({ name }) => name));
  replaceWithPublished();
  if (missing.length > 0) console.warn(`Without a prebuilt library: ${missing.join(", ")}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
