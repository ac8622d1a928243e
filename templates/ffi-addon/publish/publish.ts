// `bun run publish:all`: publishes the platform packages in dist/prebuilt/, then the main package. Options are those of
// `bun publish`, like --dry-run, --tag or --otp. Run it again after a failure: what is published already is skipped.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { restoreOwn } from "#lib/published-files";
import { root } from "../src/artifacts.ts";
import { readPackages, readProject } from "./packages.ts";

const options = process.argv.slice(2);
const { values } = parseArgs({
  args: options,
  options: { registry: { type: "string" }, tag: { type: "string" } },
  strict: false,
});

let isInterrupted = false;

/** Runs Bun. @throws {Error} if it fails, with its own message on stderr, or after Ctrl-C. */
async function run(cwd: string, ...args: string[]): Promise<void> {
  const { exited } = Bun.spawn([process.execPath, ...args], {
    cwd,
    stdio: ["inherit", "inherit", "inherit"],
  });
  const exitCode = await exited;
  if (isInterrupted) throw new Error("Interrupted.");
  if (exitCode !== 0) throw new Error(`bun ${args.join(" ")} failed.`);
}

/** Returns a property of a published package, or undefined if the package or the property does not exist. */
function view(spec: string, property: string): string | undefined {
  const registry = values.registry ? [`--registry=${values.registry}`] : [];
  const command = ["pm", "view", ...registry, spec, property];
  const { success, stdout, stderr } = Bun.spawnSync([process.execPath, ...command], { cwd: root });
  if (success) return `${stdout}`.trim();
  if (/404 Not Found|No version of|with tag .* not found/.test(`${stderr}`)) return undefined;
  throw new Error(`bun ${command.join(" ")} failed: ${stderr}`);
}

/**
 * Refuses a version that is published with other content. `--tolerate-republish` would keep the published platform package,
 * and the main package would pin the SHA-256 of a library that was never published.
 */
function requireSameIfPublished(name: string, version: string, tarball: string): void {
  const published = view(`${name}@${version}`, "dist.integrity");
  const integrity = `sha512-${Bun.SHA512.hash(readFileSync(tarball), "base64")}`;
  if (published === undefined || published === integrity) return;
  throw new Error(
    `${name}@${version} is published already, with other content than here. Raise the version, and build the packages again.`,
  );
}

/**
 * Returns `latest`, or `next` for a prerelease. If a higher version has that tag, returns it with the major version, such as
 * `latest-1`: a correction of an old version must not become what everyone installs.
 */
function chooseTag(name: string, version: string): string {
  const tag = /^[\d.]+-/.test(version) ? "next" : "latest";
  const highest = view(`${name}@${tag}`, "version") ?? version;
  if (Bun.semver.order(version, highest) >= 0) return tag;
  const own = `${tag}-${version.split(".")[0]}`;
  console.warn(`${highest} keeps the tag ${tag}, and ${version} gets ${own}.`);
  return own;
}

process.on("SIGINT", () => {
  // Ctrl-C also reaches the command that runs, but not every command fails after it. This process first restores
  // package.json, README.md and LICENSE.
  isInterrupted = true;
});
try {
  const { name, version, private: isPrivate } = readProject();
  if (isPrivate) {
    throw new Error('package.json says `"private": true`. Remove that line to publish.');
  }
  const packages = [...readPackages().packages, { name, folder: root }];
  // All are packed and compared before one is published. `prepack` of the main package runs here.
  const tarballs: string[] = [];
  for (const { name, folder } of packages) {
    const tarball = join(root, "dist", `${tarballs.length}.tgz`);
    await run(folder, "pm", "pack", "--quiet", "--filename", tarball);
    requireSameIfPublished(name, version, tarball);
    tarballs.push(tarball);
  }
  const tag = values.tag ? [] : ["--tag", chooseTag(name, version)];
  // From the project's folder, whose .npmrc or bunfig.toml may name the registry. The main package comes last: when it
  // can be installed, its platform packages can.
  for (const tarball of tarballs) {
    await run(root, "publish", "--tolerate-republish", ...tag, ...options, tarball);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  restoreOwn(root); // `postpack` does not run if packing fails or Ctrl-C stops it
}
