// Starts a server of the project as a child process, and reads its output and its URL.
import { TEST_TIMEOUT } from "#lib/test-timeout";

export interface Service extends AsyncDisposable {
  readonly url: string;
  /** The output so far, without colours. */
  readonly printed: () => string;
  readonly child: Bun.Subprocess;
}

/** The state of the server in test/project/. */
export interface State {
  /** Changes with each evaluation of the server's code. */
  readonly version: string;
  readonly count: number;
  /** Ticks of a timer, one per second. */
  readonly beats: number;
  readonly startedAt: string;
}

/** Starts `command` in `folder` on a free port; resolves once it listens. */
export async function startService(
  command: readonly string[],
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const child = Bun.spawn([...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, PORT: "0", NO_COLOR: "1", ...variables },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let printed = "";
  const follow = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      printed += Bun.stripANSI(decoder.decode(chunk, { stream: true }));
    }
  };
  const reading = Promise.all([follow(child.stdout), follow(child.stderr)]);
  // Gracefully, so that temporary files are removed; by force if that takes too long.
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), TEST_TIMEOUT / 6);
    await Promise.all([child.exited, reading]);
    clearTimeout(timer);
  };
  const urlOf = () => /\blistening on (http:\S+?)\/?(?=["\s])/.exec(printed)?.[1];
  try {
    await until("the service listens", () => child.exitCode !== null || urlOf() !== undefined);
    const url = urlOf();
    if (url === undefined) throw new Error(`${command.join(" ")} did not listen:\n${printed}`);
    return { url, printed: () => printed, child, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs `bun run dev` in `folder`. */
export const startDev = scriptStarter("dev");
/** Runs `bun run start` in `folder`. */
export const startProduction = scriptStarter("start");

/** The descendants of the script are killed when it exits. */
function scriptStarter(script: string) {
  const command = [process.execPath, "--no-orphans", "run", "--silent", script];
  return (folder: string, variables: Readonly<Record<string, string>> = {}) =>
    startService(command, folder, { LOG_LEVEL: "warn", ...variables });
}

/** Waits until a condition holds; an error counts as false. @throws after half of `TEST_TIMEOUT`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + TEST_TIMEOUT / 2;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(10);
  }
  throw new Error(`timed out waiting until ${what}`, { cause: last });
}
