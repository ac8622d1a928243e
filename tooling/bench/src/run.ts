// What a contestant may use while it is measured; everything it opened is closed when the bench ends.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Service, type StartOptions, startService } from "./service.ts";

export class Run implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    /** A temporary folder of this run's own. */
    readonly folder: string,
    /** Fewer and shorter samples: to see that an area works, not to publish. */
    readonly quick: boolean,
    /** Told what happens, in a few words. */
    readonly progress: (message: string) => void,
  ) {
    const remove = () => rmSync(folder, { recursive: true, force: true });
    // Also when the run is interrupted.
    process.on("exit", remove);
    this.#stack.defer(() => {
      process.off("exit", remove);
      remove();
    });
  }

  static async open(quick: boolean, progress: (message: string) => void): Promise<Run> {
    return new Run(await mkdtemp(join(tmpdir(), "bunyard-bench-")), quick, progress);
  }

  /** Seconds that a sample of something steady should take. */
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
