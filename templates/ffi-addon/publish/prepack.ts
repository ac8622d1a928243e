// Package managers run this before they pack or publish: it refuses without prebuilt libraries of this C code, builds
// dist/library/, and replaces package.json, README.md and LICENSE with the published ones until publish/postpack.ts runs.
import { join } from "node:path";
import { replaceWithPublished } from "#lib/published-files";
import { buildJavaScript } from "../scripts/javascript.ts";
import { root } from "../src/artifacts.ts";
import { listInManifest, readPackages } from "./packages.ts";

/** npm and Yarn read package.json again after `postpack`: users of the package would not get its platform packages. */
function refuseOtherPublishers(): void {
  const { npm_config_user_agent: agent = "", npm_command, npm_config_argv } = process.env;
  if (!/^(npm|yarn)\//.test(agent) || process.env.npm_config_dry_run === "true") return;
  if (npm_command !== "publish" && !npm_config_argv?.includes('"publish"')) return;
  throw new Error(
    "npm and Yarn would publish the package without its platform packages. Use `bun run publish:all`.",
  );
}

try {
  refuseOtherPublishers();
  const { packages, missing } = readPackages();
  await buildJavaScript(join(root, "dist/library"));
  replaceWithPublished(root, listInManifest(packages));
  if (missing.length > 0) console.warn(`Without a prebuilt library: ${missing.join(", ")}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
