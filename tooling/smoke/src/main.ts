// The command `bun run smoke`: arguments, signals, and the exit code.
import { parse, USAGE, UsageError } from "./args.ts";
import { smoke } from "./smoke.ts";

const INTERRUPTED = 130;
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interrupt.abort());
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const args = parse(argv);
    if (!args.help) return await smoke(args, interrupt.signal);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exit(await main(process.argv.slice(2)));
