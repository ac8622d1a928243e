// The resources of a contestant. Everything that it opened is closed at the end of the bench.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Service, type StartOptions, startService } from "./service.ts";

export class Run implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    /** A temporary folder for this run. */
    readonly folder: string,
    /** Fewer and shorter samples, which show that an area works but are not for publication. */
    readonly quick: boolean,
    /** Called with progress messages. */
    readonly progress: (message: string) => void,
  ) {
    const remove = () => rmSync(folder, { recursive: true, force: true });
    // Runs after an interrupt as well.
    process.on("exit", remove);
    this.#stack.defer(() => {
      process.off("exit", remove);
      remove();
    });
  }

  static async open(quick: boolean, progress: (message: string) => void): Promise<Run> {
    return new Run(await mkdtemp(join(tmpdir(), "bunyard-bench-")), quick, progress);
  }

  /** Duration of a sample of a steady load, in seconds. */
  get seconds(): number {
    return this.quick ? 0.5 : 1;
  }

  /** Starts a server and waits until it prints its URL. It is stopped when the bench ends. */
  async start(command: readonly string[], options: StartOptions = {}): Promise<Service> {
    return this.#stack.use(await startService(command, options, this.folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
