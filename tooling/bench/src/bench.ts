// Runs the benches of an area one after the other, each with a separate folder and separate processes.
import type { Area } from "./area.ts";
import { UsageError } from "./args.ts";
import type { Samples } from "./gate.ts";
import { measure } from "./measure.ts";
import { Run } from "./run.ts";

export interface BenchOptions {
  /** Names of benches; empty for all. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly progress: (message: string) => void;
}

/** @throws {UsageError} when `only` names a bench that the area does not have. */
export async function runArea(
  { benches }: Area,
  { only, quick, progress }: BenchOptions,
): Promise<Samples> {
  const unknown = only.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    const known = Object.keys(benches).join(", ");
    throw new UsageError(`No bench is called ${unknown.join(", ")}. There are: ${known}.`);
  }
  const samples: Record<string, Samples[string]> = {};
  for (const [name, bench] of Object.entries(benches)) {
    if (only.length > 0 && !only.includes(name)) continue;
    await using run = await Run.open(quick, (message) => progress(`${name}: ${message}`));
    samples[name] = await measure(bench, run);
  }
  return samples;
}
