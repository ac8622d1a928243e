// `bun run publish:all`: publishes the platform packages in dist/prebuilt/, then the main package. Options are those of
// `bun publish`, like --dry-run, --tag or --otp. Run it again after a failure: what is published already is skipped.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../src/artifacts.ts";
import { readPackages, readProject } from "./packages.ts";

/** Runs Bun. @throws {Error} when it fails; its own message is on stderr. */
function run(cwd: string, ...args: string[]): void {
  const { success } = Bun.spawnSync([process.execPath, ...args], {
    cwd,
    stdio: ["inherit", "inherit", "inherit"],
  });
  if (!success) throw new Error(`bun ${args.join(" ")} failed.`);
}

const temporary = mkdtempSync(join(tmpdir(), "publish-"));
try {
  if (readProject().private) {
    throw new Error('package.json says `"private": true`. Remove that line to publish.');
  }
  const { packages } = readPackages();
  // The main package's `prepack` runs here, before anything is published.
  const tarballs = [...packages.map(({ folder }) => folder), root].map((folder, index) => {
    const tarball = join(temporary, `${index}.tgz`);
    run(folder, "pm", "pack", "--quiet", "--filename", tarball);
    return tarball;
  });
  // From the project's folder, whose .npmrc or bunfig.toml may name the registry. The main package comes last: when it
  // can be installed, its platform packages can.
  for (const tarball of tarballs) {
    run(root, "publish", "--tolerate-republish", ...process.argv.slice(2), tarball);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
