// Runs the tests of every workspace and of the repository, and ends with `N passed, N failed`.
import { missingHere } from "./missing.ts";
import { sum, summaryLine } from "./tally.ts";
import { runTurbo } from "./turbo.ts";

const product = "@bunyard/test";
const inCI = process.env.CI === "true";
/** Only Linux runners have the engines. Elsewhere, their tests may be skipped. */
const everythingMustRun = inCI && process.platform === "linux";

const missing = ["REDIS_URL", "DATABASE_URL", "MYSQL_URL"].filter((name) => !process.env[name]);
if (everythingMustRun && missing.length > 0) {
  console.error(`Set ${missing.join(", ")}: in CI, the tests of the engines must not be skipped.`);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

const lacking = await missingHere();
// Part of turbo's cache keys: a test that was skipped runs once its program is there.
process.env.BUNYARD_MISSING = lacking.join(", ");

// The compiler of TypeScript is a Go program. A hundred projects are checked: without garbage collection, which starts only
// at the limit, each takes a quarter less processor time.
process.env.GOGC ??= "off";
process.env.GOMEMLIMIT ??= "1GiB";

// CI runs every test: a cached result proves nothing.
const options = inCI ? ["--force"] : [];
// The product's tests run last and alone, because they run five files at a time. They include the suite of every
// starter in a created project, so it does not run in place as well.
const runs = [
  await runTurbo(
    ...["test", "//#test:repository", `--filter=!${product}`, "--filter=!./templates/*"],
    ...options,
  ),
  await runTurbo("test", `--filter=${product}`, ...options),
];

const tallies = runs.flatMap((run) => [...run.tallies]);
const total = sum(tallies.map(([, tally]) => tally));
for (const [task, { failures }] of tallies) {
  for (const failure of failures) console.log(`\n${task}:\n${failure}`);
}
console.log();
for (const [task, tally] of tallies) {
  console.log(`${task}: ${summaryLine(tally)}`);
  for (const name of tally.skipped) console.log(`  skipped: ${name}`);
}
if (total.skipped.length > 0 && lacking.length > 0) {
  console.log(
    "\nTests were skipped, and commands of READMEs left out, because this machine lacks:",
  );
  for (const phrase of lacking) console.log(`  ${phrase}`);
}
const succeeded = runs.every((run) => run.succeeded) && total.failed === 0;
const mayPass = !everythingMustRun || total.skipped.length === 0;
if (!mayPass) console.error("In CI, no test may be skipped.");
console.log(`\n${summaryLine(total)}`);
process.exit(succeeded && mayPass ? 0 : 1);
