// The whole command: arguments → answers → plan → apply → report, and an exit code.
import { basename, relative } from "node:path";
import { asCreateError } from "../errors.ts";
import type { TemplateSource } from "../sources/templates.ts";
import type { Environment } from "../subprocess.ts";
import { answer, type Questions } from "./answers.ts";
import { apply, interrupted, type Outcome, type StepName } from "./apply.ts";
import { type Args, parseArgs } from "./args.ts";
import { version } from "./definition.ts";
import { gitObstacle } from "./git.ts";
import { packageName } from "./names.ts";
import { makePlan } from "./plan.ts";
import { personalize } from "./project.ts";
import {
  bannerText,
  errorText,
  listText,
  outcomeJson,
  outcomeText,
  planned,
  plannedText,
  refusalJson,
} from "./report.ts";
import { openStyle } from "./style.ts";
import { inspect, locate } from "./target.ts";
import { findWorkspace, isBelowBiome, refuseOwnFolders } from "./workspace.ts";

/** What the command knows of the process that it runs in. */
export interface World {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  /** The executable of the running Bun. */
  readonly bun: string;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Whether somebody can be asked; it takes time to find out. */
  readonly isTerminal: () => boolean;
  readonly colors: boolean;
  /** Prints a text and a line break. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Shows that work is going on, until the returned function is called. */
  readonly spin: (text: string) => () => void;
}

/** Never rejects. */
export async function run(source: TemplateSource, world: World): Promise<number> {
  const json = world.argv.includes("--json");
  const print = (value: unknown) => world.out(JSON.stringify(value));
  const style = openStyle(world.colors);
  // Bun may have taken the command from a cache that is a day old; `--json` has the version in its object.
  const cached = source.clone === undefined && !json;
  if (cached && !asksOfCommand(world.argv)) world.err(bannerText(version, style));
  try {
    const args = parseArgs(world.argv);
    if (args.has("help") || args.has("version")) {
      world.out(args.has("help") ? await help(world.colors) : version);
      return 0;
    }
    if (args.has("list")) {
      const templates = await source.list();
      if (json) print(templates);
      else world.out(listText(templates, style));
      return 0;
    }
    const outcome = await create(args, source, world);
    if (json) print(outcomeJson(outcome));
    else {
      const tell = args.has("dry-run") ? plannedText : outcomeText;
      const told = tell(outcome, style);
      if (told !== "") world.out(told);
      if (outcome.error) world.err(errorText(outcome.error, style));
    }
    return outcome.error?.exitCode ?? 0;
  } catch (thrown) {
    const error = world.signal.aborted ? interrupted() : asCreateError(thrown);
    if (json) print(refusalJson(error, version));
    else world.err(errorText(error, style));
    return error.exitCode;
  }
}

/** What asks for the command itself gets nothing but the answer, whatever else is wrong. */
const asksOfCommand = (argv: readonly string[]): boolean =>
  argv.includes("--help") || argv.includes("--version");

async function create(args: Args, source: TemplateSource, world: World): Promise<Outcome> {
  const { cwd, env, bun, signal } = world;
  const quiet = args.has("json");
  const answers = await answer(args, await source.list(), () =>
    quiet || args.has("yes") || !world.isTerminal() ? undefined : questions(signal),
  );
  const directory = locate(cwd, answers.directory);
  const name = packageName(answers.name, basename(directory));
  if (source.clone !== undefined) refuseOwnFolders(source.clone, directory);
  const [template, obstacle] = await Promise.all([
    source.files(answers.template),
    answers.git ? gitObstacle(directory, env) : undefined,
  ]);
  const workspace = findWorkspace(directory);
  const files = personalize(template, { name, nested: isBelowBiome(directory) });
  const plan = makePlan(
    answers,
    { name, version, files: [...files.keys()] },
    {
      directory,
      target: inspect(directory, files.keys()),
      workspace,
      gitObstacle: obstacle,
      cd: cdTo(relative(cwd, directory)),
    },
  );
  if (args.has("dry-run")) return planned(plan);
  const announce = (step: StepName) =>
    step === "install" && !quiet && world.isTerminal()
      ? world.spin("Installing the dependencies")
      : () => undefined;
  return apply(plan, files, { bun, env, signal, announce });
}

/** The prompt library is loaded with the first question. */
function questions(signal: AbortSignal): Questions {
  const open = async () => (await import("./prompts.ts")).openPrompts(signal);
  return {
    directory: async () => (await open()).directory(),
    template: async (templates) => (await open()).template(templates),
  };
}

function cdTo(path: string): string | undefined {
  if (path === "") return undefined;
  // `cd -x` would be an option.
  const operand = path.startsWith("-") ? `./${path}` : path;
  return `cd ${/^[\w./\\:@+-]+$/.test(operand) ? operand : JSON.stringify(operand)}`;
}

/** What only `--help` needs is loaded with it. */
const help = async (colors: boolean) => (await import("./help.ts")).helpText(colors);
