// One starter on its way through the cells: the project, the process that runs in it, and how to do each cell.
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

/** Where a run has its things. */
export interface Place {
  /** The create command of the unpacked package. */
  readonly command: string;
  readonly projects: string;
  readonly logs: string;
}

/** What a cell is done with. */
interface Desk {
  readonly log: string;
  readonly signal: AbortSignal;
}

const COMMAND_CELLS: readonly Cell[] = ["create", "install", "check", "format", "test", "build"];

export class Scene implements Record<Cell, (desk: Desk) => Promise<void>>, Work {
  readonly #starter: Starter;
  readonly #project: Project;
  readonly #place: Place;
  readonly #drift: boolean;
  #service: Service | undefined;
  /** Dependencies that are newer than package.json had them. */
  moved: readonly Move[] = [];

  constructor(starter: Starter, place: Place, { drift }: { readonly drift: boolean }) {
    const { name, service } = starter;
    this.#starter = starter;
    this.#project = { name, service, directory: join(place.projects, `smoke-${name}`) };
    this.#place = place;
    this.#drift = drift;
  }

  logOf(cell: Cell): string {
    return join(this.#place.logs, `${this.#project.name}-${cell}.log`);
  }

  /** Does a cell, in the time that it may take. @throws when it is red. */
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
      // What the signal itself ends is waited for; an answer of a service might never come.
      await (cell === "probe" || cell === "drain" ? unlessAborted(work, signal) : work);
    } catch (error) {
      const { printed, complaints } = this.#service ?? {};
      await appendFile(log, `${printed?.() ?? ""}${complaints?.() ?? ""}\n${error}\n`);
      throw error;
    } finally {
      // A service outlives the cell that has started it: nothing of the cell may end it later.
      clearTimeout(timer);
    }
  }

  async create(desk: Desk): Promise<void> {
    const { directory } = this.#project;
    const { template, without } = this.#starter;
    const features = without === undefined ? [] : ["--without", without];
    const flags = ["--template", template, ...features, "--no-install", "--no-git", "--yes"];
    await bun([this.#place.command, directory, ...flags], { ...desk, cwd: this.#place.projects });
  }

  async install(desk: Desk): Promise<void> {
    await this.#clean(desk, "install");
    if (!this.#drift) return;
    const before = await versionsOf(this.#project.directory);
    await this.#bun(desk, "update", "--latest");
    this.moved = moves(before, await versionsOf(this.#project.directory));
  }

  async check(desk: Desk): Promise<void> {
    await this.#clean(desk, "run", "check");
  }

  async format(desk: Desk): Promise<void> {
    const before = await fingerprints(this.#project.directory);
    await this.#clean(desk, "run", "format");
    const changed = changes(before, await fingerprints(this.#project.directory));
    if (changed.length > 0) throw new Error(`formatting changes ${changed.join(", ")}`);
  }

  async test(desk: Desk): Promise<void> {
    await this.#bun(desk, "test");
  }

  async build(desk: Desk): Promise<void> {
    await this.#clean(desk, "run", "build");
  }

  async boot({ signal }: Desk): Promise<void> {
    this.#service = await startService(this.#project, {}, signal);
  }

  async probe(desk: Desk): Promise<void> {
    if (this.#service) await probe(this.#service.url);
    else await this.#importItself(desk);
  }

  async drain({ log }: Desk): Promise<void> {
    const service = this.#service;
    if (!service) throw new Error("nothing runs");
    const held = await hold(this.#project.name, service.url);
    await appendFile(log, `held open: ${held.map(({ what }) => what).join(", ")}\n`);
    service.signal("SIGTERM");
    await until("new connections are refused", () => isRefused(service.url));
    await Promise.all(held.map(({ finish }) => finish()));
    const code = await service.exited;
    if (code !== 0) throw new Error(`exit code ${code} after SIGTERM`);
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
  }

  /** A library is probed through its `exports`, by the name that others import it by. */
  async #importItself(desk: Desk): Promise<void> {
    const { name } = await Bun.file(join(this.#project.directory, "package.json")).json();
    const script = `const all = Object.keys(await import(${JSON.stringify(name)}));
      if (all.length === 0) throw new Error("it exports nothing");
      console.log(all.join(", "));`;
    await this.#bun(desk, "-e", script);
  }

  async #bun(desk: Desk, ...args: readonly string[]): Promise<void> {
    await bun(args, { ...desk, cwd: this.#project.directory });
  }

  /** @throws on a warning, too. */
  async #clean(desk: Desk, ...args: readonly string[]): Promise<void> {
    await this.#bun(desk, ...args);
    const warning = warningIn(Bun.stripANSI(await Bun.file(desk.log).text()));
    if (warning !== undefined) throw new Error(`it warns: ${warning.trim()}`);
  }
}

/** Settles with `work`, or rejects as soon as the signal is aborted. */
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
