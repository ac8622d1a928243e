// Installs a version of Bun from the user's npm registry.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./program.ts";

/**
 * Installs Bun for this platform into `folder`, and returns the path of the executable.
 * @throws if the registry has no such version.
 */
export async function installBun(version: string, folder: string): Promise<string> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@oven/bun-${system}-${process.arch === "arm64" ? "aarch64" : "x64"}`;
  await Bun.write(join(folder, "package.json"), "{}");
  const { code, stderr } = await run(folder, [process.execPath, "add", `${name}@${version}`]);
  if (code !== 0) throw new Error(`Bun ${version} could not be installed:\n${stderr}`);
  const bin = join(folder, "node_modules", name, "bin");
  const [executable = ""] = await readdir(bin);
  return join(bin, executable);
}
