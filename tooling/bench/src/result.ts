// The result of a run as JSON: the measurements, the time, the machine and the versions.
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import type { Area } from "./area.ts";
import { judge, type Samples, type Verdict } from "./gate.ts";
import { median, spread } from "./stats.ts";

export interface Measured {
  readonly median: number;
  /** Width of the middle half of the samples, as a share of the median. */
  readonly spread: number;
  readonly samples: readonly number[];
}

export interface BenchResult {
  readonly unit: string;
  readonly contestants: Readonly<Record<string, Measured>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Load average over the last minute. */
  readonly load: number;
}

/** The machine, the time and the versions of a run. */
export interface Setting {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

export interface Result extends Setting {
  readonly area: string;
  readonly benches: Readonly<Record<string, BenchResult>>;
  readonly verdicts: readonly Verdict[];
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${arch()}`,
    load: loadavg()[0] ?? 0,
  };
}

export function toResult(
  name: string,
  { benches, figures }: Area,
  samples: Samples,
  setting: Setting,
): Result {
  const measured = Object.entries(samples).map(([bench, contestants]): [string, BenchResult] => [
    bench,
    {
      unit: benches[bench]?.unit ?? "",
      contestants: Object.fromEntries(
        Object.entries(contestants).map(([contestant, samples]) => [
          contestant,
          { median: median(samples), spread: spread(samples), samples },
        ]),
      ),
    },
  ]);
  return {
    area: name,
    ...setting,
    benches: Object.fromEntries(measured),
    verdicts: judge(figures, samples),
  };
}
