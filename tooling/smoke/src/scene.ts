// Runs the cells of one starter: its project, and the service that runs in it.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT, warningIn } from "@bunyard/test/command";
import type { Project } from "@bunyard/test/project";
import {
  isRefused,
  SERVICE_TIMEOUT,
  type Service,
  startService,
  until,
} from "@bunyard/test/service";
import type { Work } from "./board.ts";
import type { Cell, Starter } from "./cells.ts";
import { bun } from "./command.ts";
import { changes, fingerprints } from "./files.ts";
import { hold } from "./hold.ts";
import { probe } from "./probe.ts";
import { type Move, moves, versionsOf } from "./versions.ts";

/** The paths of a run. */
export interface Paths {
  /** The create command of the unpacked package. */
  readonly command: string;
  readonly projects: string;
  readonly logs: string;
}

/** The log and the deadline of one cell. */
interface CellContext {
  readonly log: string;
  readonly signal: AbortSignal;
}

const COMMAND_CELLS: readonly Cell[] = ["create", "install", "check", "format", "test", "build"];

export class Scene implements Record<Cell, (context: CellContext) => Promise<void>>, Work {
  readonly #starter: Starter;
  readonly #project: Project;
  readonly #paths: Paths;
  readonly #drift: boolean;
  #service: Service | undefined;
  /** Dependencies that are newer than in package.json. */
  moved: readonly Move[] = [];

  constructor(starter: Starter, paths: Paths, { drift }: { readonly drift: boolean }) {
    const { name, service } = starter;
    this.#starter = starter;
    this.#project = { name, service, directory: join(paths.projects, `smoke-${name}`) };
    this.#paths = paths;
    this.#drift = drift;
  }

  logOf(cell: Cell): string {
    return join(this.#paths.logs, `${this.#project.name}-${cell}.log`);
  }

  /** Runs a cell within its time limit. @throws if it fails. */
  async perform(cell: Cell, interrupt: AbortSignal): Promise<void> {
    const limit = COMMAND_CELLS.includes(cell) ? COMMAND_TIMEOUT : SERVICE_TIMEOUT;
    const log = this.logOf(cell);
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`not done within ${limit / 1000} s`)),
      limit,
    );
    const signal = AbortSignal.any([interrupt, late.signal]);
    try {
      const work = this[cell]({ log, signal });
      // Commands end with the signal, so they are awaited. A response of a service might never arrive.
      await (cell === "probe" || cell === "drain" ? unlessAborted(work, signal) : work);
    } catch (error) {
      const { printed, complaints } = this.#service ?? {};
      await appendFile(log, `${printed?.() ?? ""}${complaints?.() ?? ""}\n${error}\n`);
      throw error;
    } finally {
      // A service outlives the cell that started it, so the cell's timer must not end it later.
      clearTimeout(timer);
    }
  }

  async create(context: CellContext): Promise<void> {
    const { directory } = this.#project;
    const { template, without } = this.#starter;
    const features = without === undefined ? [] : ["--without", without];
    const flags = ["--template", template, ...features, "--no-install", "--no-git", "--yes"];
    await bun([this.#paths.command, directory, ...flags], {
      ...context,
      cwd: this.#paths.projects,
    });
  }

  async install(context: CellContext): Promise<void> {
    await this.#clean(context, "install");
    if (!this.#drift) return;
    const before = await versionsOf(this.#project.directory);
    await this.#bun(context, "update", "--latest");
    this.moved = moves(before, await versionsOf(this.#project.directory));
  }

  async check(context: CellContext): Promise<void> {
    await this.#clean(context, "run", "check");
  }

  async format(context: CellContext): Promise<void> {
    const before = await fingerprints(this.#project.directory);
    await this.#clean(context, "run", "format");
    const changed = changes(before, await fingerprints(this.#project.directory));
    if (changed.length > 0) throw new Error(`formatting changes ${changed.join(", ")}`);
  }

  async test(context: CellContext): Promise<void> {
    await this.#bun(context, "test");
  }

  async build(context: CellContext): Promise<void> {
    await this.#clean(context, "run", "build");
  }

  async boot({ signal }: CellContext): Promise<void> {
    this.#service = await startService(this.#project, {}, signal);
  }

  async probe(context: CellContext): Promise<void> {
    if (this.#service) await probe(this.#service.url);
    else await this.#importItself(context);
  }

  async drain({ log }: CellContext): Promise<void> {
    const service = this.#service;
    if (!service) throw new Error("no service is running");
    const held = await hold(this.#project.name, service.url);
    await appendFile(log, `held open: ${held.map(({ what }) => what).join(", ")}\n`);
    service.signal("SIGTERM");
    await until("new connections are refused", () => isRefused(service.url));
    await Promise.all(held.map(({ finish }) => finish()));
    const code = await service.exited;
    if (code !== 0) throw new Error(`exit code ${code} after SIGTERM`);
  }

  /** Stops the service if it is still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
  }

  /** Imports a library through its `exports`, by its name. */
  async #importItself(context: CellContext): Promise<void> {
    const { name } = await Bun.file(join(this.#project.directory, "package.json")).json();
    const script = `const all = Object.keys(await import(${JSON.stringify(name)}));
      if (all.length === 0) throw new Error("it exports nothing");
      console.log(all.join(", "));`;
    await this.#bun(context, "-e", script);
  }

  async #bun(context: CellContext, ...args: readonly string[]): Promise<void> {
    await bun(args, { ...context, cwd: this.#project.directory });
  }

  /** Runs Bun. @throws on a warning, too. */
  async #clean(context: CellContext, ...args: readonly string[]): Promise<void> {
    await this.#bun(context, ...args);
    const warning = warningIn(Bun.stripANSI(await Bun.file(context.log).text()));
    if (warning !== undefined) throw new Error(`it printed a warning: ${warning.trim()}`);
  }
}

/** Settles with `work`, or rejects once the signal is aborted. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
