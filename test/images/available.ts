// Chooses the container engine of this machine: Docker, or buildah with a base image of its own.
import { openBuildah, whyNoBuildah } from "./buildah.ts";
import { runCommand } from "./command.ts";
import { docker } from "./docker.ts";
import type { ContainerEngine } from "./engine.ts";

export type Availability =
  | { readonly open: () => Promise<ContainerEngine> }
  /** Why no image can be built on this machine. */
  | { readonly reason: string };

export async function findEngine(): Promise<Availability> {
  if (Bun.which("docker") && (await runCommand(["docker", "info"])).exitCode === 0) {
    return { open: async () => docker };
  }
  const reason = whyNoBuildah();
  if (reason === undefined) return { open: openBuildah };
  return { reason: `no Docker engine is running, and ${reason}` };
}
