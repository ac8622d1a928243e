// The command `bun run bench <area>`: measures an area against its peers, prints a table, and checks the figures.

import { areaNames, loadArea } from "./areas.ts";
import { type Args, parse, USAGE, UsageError } from "./args.ts";
import { runArea } from "./bench.ts";
import { installPeers } from "./peers.ts";
import { record } from "./record.ts";
import { machine, toResult } from "./result.ts";
import { renderResult } from "./table.ts";

/** @returns the exit code: 0 done, 1 a figure was missed. */
async function main(args: Args): Promise<number> {
  const names = await areaNames();
  if (args.help) {
    console.log(`${USAGE}\n\n${await listAreas(names)}`);
    return 0;
  }
  if (args.area === undefined || !names.includes(args.area)) {
    const wrong = args.area === undefined ? "Name an area." : `There is no area ${args.area}.`;
    throw new UsageError(`${wrong}\n\n${await listAreas(names)}`);
  }
  const area = await loadArea(args.area);
  const progress = (message: string) => console.error(message);
  const peers = await installPeers(area.peers ?? [], progress);
  const setting = {
    date: new Date().toISOString(),
    quick: args.quick,
    machine: machine(),
    versions: { bun: Bun.version, ...peers },
  };
  const samples = await runArea(area, { ...args, progress });
  const result = toResult(args.area, area, samples, setting);
  console.log(renderResult(result));
  if (args.json !== undefined) await Bun.write(args.json, `${JSON.stringify(result, null, 2)}\n`);
  if (args.record) await record(result);
  return args.gate && result.verdicts.some(({ kept }) => !kept) ? 1 : 0;
}

async function listAreas(names: readonly string[]): Promise<string> {
  const areas = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(16)}${(await loadArea(name)).description}`),
  );
  return `Areas:\n${areas.join("\n")}`;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
try {
  process.exit(await main(parse(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exit(2);
}
