// Runs the contestants of a bench in turn, so that other load on the machine affects all of them equally.
import type { Bench } from "./area.ts";
import type { Run } from "./run.ts";

const ROUNDS = 7;
const QUICK_ROUNDS = 3;

/** The samples of each contestant, in the order of the rounds. */
export async function measure(
  { prepare, contestants, rounds = ROUNDS, warmups = 1 }: Bench,
  run: Run,
): Promise<Record<string, readonly number[]>> {
  await prepare?.(run);
  const open: { name: string; sample: () => Promise<number>; samples: number[] }[] = [];
  for (const [name, start] of Object.entries(contestants)) {
    open.push({ name, sample: await start(run), samples: [] });
  }
  for (const { sample } of open) {
    for (let i = 0; i < warmups; i += 1) await sample();
  }
  for (let round = 0; round < (run.quick ? QUICK_ROUNDS : rounds); round += 1) {
    for (const { name, sample, samples } of open) {
      samples.push(await sample());
      run.progress(`round ${round + 1}: ${name}`);
    }
  }
  return Object.fromEntries(open.map(({ name, samples }) => [name, samples]));
}
