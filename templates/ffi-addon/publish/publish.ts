// `bun run publish:all`: publishes the platform packages in dist/prebuilt/, then the main package. Options are those of
// `bun publish`, like --dry-run, --tag or --otp. Run it again after a failure: what is published already is skipped.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { restoreOwn } from "#lib/published-files";
import { root } from "../src/artifacts.ts";
import { readPackages, readProject } from "./packages.ts";

const options = process.argv.slice(2);

/** Runs Bun. @throws {Error} when it fails; its own message is on stderr. */
function run(cwd: string, ...args: string[]): void {
  const { success } = Bun.spawnSync([process.execPath, ...args], {
    cwd,
    stdio: ["inherit", "inherit", "inherit"],
  });
  if (!success) throw new Error(`bun ${args.join(" ")} failed.`);
}

/**
 * Refuses a version that is published with other content. `--tolerate-republish` would keep the published platform package,
 * and the main package would pin the SHA-256 of a library that was never published.
 */
function requireSameIfPublished(name: string, version: string, tarball: string): void {
  const { values } = parseArgs({
    args: options,
    options: { registry: { type: "string" } },
    strict: false,
  });
  const registry = values.registry ? [`--registry=${values.registry}`] : [];
  const command = ["pm", "view", ...registry, `${name}@${version}`, "dist.integrity"];
  const { success, stdout, stderr } = Bun.spawnSync([process.execPath, ...command], { cwd: root });
  if (!success) {
    if (/404 Not Found|No version of/.test(`${stderr}`)) return; // not published yet
    throw new Error(`bun ${command.join(" ")} failed: ${stderr}`);
  }
  const integrity = `sha512-${Bun.SHA512.hash(readFileSync(tarball), "base64")}`;
  if (`${stdout}`.trim() === integrity) return;
  throw new Error(
    `${name}@${version} is published already, with other content than here. Raise the version, and build the packages again.`,
  );
}

const temporary = mkdtempSync(join(tmpdir(), "publish-"));
try {
  const { name, version, private: isPrivate } = readProject();
  if (isPrivate) {
    throw new Error('package.json says `"private": true`. Remove that line to publish.');
  }
  const packages = [...readPackages().packages, { name, folder: root }];
  // The main package's `prepack` runs here, before anything is published.
  const tarballs = packages.map(({ folder }, index) => {
    const tarball = join(temporary, `${index}.tgz`);
    run(folder, "pm", "pack", "--quiet", "--filename", tarball);
    return tarball;
  });
  for (const [index, tarball] of tarballs.entries()) {
    requireSameIfPublished(packages[index]?.name ?? "", version, tarball);
  }
  // `bun publish` refuses a prerelease without a tag, and the workflow passes none. A tag in `options` wins.
  const tag = /^[\d.]+-/.test(version) ? ["--tag", "next"] : [];
  // From the project's folder, whose .npmrc or bunfig.toml may name the registry. The main package comes last: when it
  // can be installed, its platform packages can.
  for (const tarball of tarballs) {
    run(root, "publish", "--tolerate-republish", ...tag, ...options, tarball);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  restoreOwn(root); // `postpack` does not run if packing fails or Ctrl-C stops it
  rmSync(temporary, { recursive: true, force: true });
}
