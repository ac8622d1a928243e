// `bun run db <command>`: parses the command line, runs one command, prints its report and sets the exit code.
import { EnvError, parseEnv } from "#lib/env";
import type { Report } from "./cli/command.ts";
import { help, parse } from "./cli/commands.ts";
import { databaseSchema } from "./env.ts";
import { MigrateError, messageWithHint, reasonOf } from "./migrate/errors.ts";
import { openMigrator } from "./migrator.ts";
import { errorCode } from "./store/connection.ts";

const args = Bun.argv.slice(2);
const isJson = args.includes("--json");
const { exitCode, data, text } = await run().catch(reportError);
const report = isJson ? JSON.stringify({ ok: exitCode === 0, ...data }) : text;
process.exitCode = exitCode;
try {
  // `console.log` would ignore a full disk.
  await Bun.write(isJson || exitCode === 0 ? Bun.stdout : Bun.stderr, `${report}\n`);
} catch (error) {
  // The reader of a pipe may close it early, as `head` does.
  if (errorCode(error) !== "EPIPE") {
    console.error(`The report could not be written: ${reasonOf(error)}.`);
  }
  process.exitCode ||= 1;
}

async function run(): Promise<Report> {
  const parsed = parse(args);
  if (parsed === undefined) return { exitCode: 0, data: { help: help() }, text: help() };
  const env = parseEnv(databaseSchema, process.env);
  const migrator = openMigrator(env);
  await using target = migrator.target;
  const { name, command, argument, to, steps, yes } = parsed;
  const confirm = (question: string) => yes || ask(question);
  const call = { migrator, env, argument, to, steps, confirm };
  const report = await command.run(call).catch((error: unknown) => {
    throw target.explain(error);
  });
  const where = { command: name, engine: target.engine, database: target.location };
  return { ...report, data: { ...where, ...report.data } };
}

function ask(question: string): boolean {
  // The question is written to standard output, where `--json` writes its object.
  if (process.stdin.isTTY && !isJson) return globalThis.confirm(`${question} Continue?`);
  throw new MigrateError("usage", question, { hint: "Nothing was changed. Add --yes to do it." });
}

/** Reports an error. Only unexpected errors, which are bugs, are printed with a stack trace. */
function reportError(error: unknown): Report {
  if (error instanceof MigrateError) {
    const { code, message, hint, findings } = error;
    const exitCode = code === "usage" ? 2 : findings.length > 0 ? 3 : 1;
    const data = { error: { code, message, hint, findings } };
    return { exitCode, data, text: messageWithHint(error) };
  }
  const isExpected = error instanceof EnvError;
  const message = error instanceof Error ? error.message : String(error);
  const text = isExpected ? message : Bun.inspect(error);
  return { exitCode: 1, data: { error: { code: "failed", message } }, text };
}
