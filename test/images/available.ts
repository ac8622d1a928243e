// Chooses the container engine of this machine: Docker, or buildah with a base image that the tests build.
import { openBuildah, whyNoBuildah } from "./buildah.ts";
import { runCommand } from "./command.ts";
import { docker } from "./docker.ts";
import type { ContainerEngine } from "./engine.ts";

export type Availability =
  | { readonly open: () => Promise<ContainerEngine> }
  /** Why no image can be built on this machine. */
  | { readonly reason: string };

export async function findEngine(): Promise<Availability> {
  if (await runsLinuxContainers()) return { open: async () => docker };
  const reason = whyNoBuildah();
  if (reason === undefined) return { open: openBuildah };
  return { reason: `no Docker engine for Linux is running, and ${reason}` };
}

/** Whether a Docker engine is running, and one for Linux images: on Windows it may be for those of Windows. */
async function runsLinuxContainers(): Promise<boolean> {
  if (Bun.which("docker") === null) return false;
  const { exitCode, stdout } = await runCommand(["docker", "info", "--format", "{{.OSType}}"]);
  return exitCode === 0 && stdout.trim() === "linux";
}
