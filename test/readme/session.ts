// A reader's terminal: runs the commands of a README in order, and keeps services running in the background.
import { join } from "node:path";
import { bareEnvironment, COMMAND_TIMEOUT } from "../contract/command.ts";

/** The output of a program that keeps running: its address, or that it watches files. */
const RUNNING = /\blistening\b.*?https?:\/\/([\w.:]+)|\bwatching\b/i;

interface Running {
  readonly command: string;
  readonly printed: () => string;
  readonly stop: () => Promise<void>;
}

export class Session implements AsyncDisposable {
  /** The running service, as in another terminal. Starting a new one stops it. */
  #service: Running | undefined;
  readonly #background: Running[] = [];
  /** Host and port of the service that was started last, to replace the README's 127.0.0.1:3000. */
  #address = "127.0.0.1:3000";

  /** @param variables in addition to those of every machine */
  constructor(
    private directory: string,
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {}

  /**
   * Runs one line until it exits with 0, or until it prints that it listens or watches. In that case it keeps running.
   * @throws with its complete output if it fails
   */
  async run(line: string): Promise<void> {
    const [, elsewhere] = /^cd (\S+)$/.exec(line) ?? [];
    if (elsewhere !== undefined) {
      this.directory = join(this.directory, elsewhere);
      return;
    }
    const background = /&$/.test(line);
    const command = line.replace(/\s*&$/, "").replaceAll("127.0.0.1:3000", this.#address);
    const { running, exited, address } = this.#spawn(command);
    if (background) {
      this.#background.push(running);
      return;
    }
    const timeout = Bun.sleep(COMMAND_TIMEOUT).then(() => "it does not end" as const);
    const end = await Promise.race([exited, address, timeout]);
    if (end === 0) return;
    if (typeof end === "object") {
      await this.#service?.stop();
      this.#service = running;
      this.#address = end.host ?? this.#address;
      return;
    }
    await running.stop();
    const why = typeof end === "number" ? `it exits with ${end}` : end;
    throw new Error(`${command}: ${why}\n${running.printed()}`);
  }

  /** Stops everything. @throws if a background command (`&`) has printed nothing. */
  async end(): Promise<void> {
    const silent = this.#background.find(({ printed }) => printed() === "");
    await this[Symbol.asyncDispose]();
    if (silent) throw new Error(`${silent.command}: it has shown nothing`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#background.splice(0), ...(this.#service ? [this.#service] : [])];
    this.#service = undefined;
    await Promise.all(all.map(({ stop }) => stop()));
  }

  #spawn(command: string) {
    const child = Bun.spawn(["sh", "-c", `${command} 2>&1`], {
      cwd: this.directory,
      env: { ...bareEnvironment(), PORT: "0", ...this.variables },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      // A new process group, so that the command's children are stopped with it.
      detached: true,
    });
    let printed = "";
    const address = Promise.withResolvers<{ readonly host: string | undefined }>();
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) {
        printed += Bun.stripANSI(decoder.decode(chunk, { stream: true }));
        const [found, host] = RUNNING.exec(printed) ?? [];
        if (found !== undefined) address.resolve({ host });
      }
    })();
    const signal = (name: NodeJS.Signals) => {
      try {
        process.kill(-child.pid, name);
      } catch (error) {
        // The group has already ended.
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
    };
    const stop = async () => {
      signal("SIGTERM");
      await Promise.race([child.exited, Bun.sleep(10_000)]);
      signal("SIGKILL");
      await child.exited;
      await reading;
    };
    const exited = Promise.all([child.exited, reading]).then(([code]) => code);
    const running: Running = { command, printed: () => printed, stop };
    return { running, exited, address: address.promise };
  }
}
