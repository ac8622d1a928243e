// Starts a project's service as a separate process on a free port, and stops it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareEnvironment } from "./command.ts";
import { type Project, textOf } from "./project.ts";

/** Milliseconds that a service may take to start, to stop or to respond on a loaded machine. */
export const SERVICE_TIMEOUT = 60_000;

export interface Service extends AsyncDisposable {
  readonly url: URL;
  /** The standard output of the service so far. */
  readonly printed: () => string;
  /** The standard error of the service so far. */
  readonly complaints: () => string;
  readonly signal: (name: "SIGTERM" | "SIGINT") => void;
  readonly exited: Promise<number>;
  readonly isRunning: () => boolean;
}

export type Variables = Readonly<Record<string, string>>;

/**
 * Runs `bun run start` in production with the values of `.env.example`, a free port, a temporary folder for data, and a
 * value for every secret. Resolves once it listens.
 * @throws with its complete output if it exits before that, or if `signal` ends it.
 */
export function startService(
  project: Project,
  variables: Variables = {},
  signal?: AbortSignal,
): Promise<Service> {
  return startScript("start", project, variables, signal);
}

/** Like `startService`, with `bun run dev`, which sets NODE_ENV. */
export function startDev(project: Project): Promise<Service> {
  return startScript("dev", project);
}

async function startScript(
  script: string,
  project: Project,
  variables: Variables = {},
  signal?: AbortSignal,
): Promise<Service> {
  const example = await exampleOf(project);
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), "bunyard-data-"));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const child = spawnScript(script, project, { ...example, DATA_DIR: data, ...variables }, signal);
  let printed = "";
  let complaints = "";
  const decoder = new TextDecoder();
  const listening = Promise.withResolvers<URL>();
  const complaining = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) complaints += decoder.decode(chunk, { stream: true });
  })();
  const reading = (async () => {
    for await (const chunk of child.stdout) {
      printed += decoder.decode(chunk, { stream: true });
      const url = /^.*\blistening\b.*?(https?:\/\/[^\s"]+)/m.exec(Bun.stripANSI(printed))?.[1];
      if (url !== undefined) listening.resolve(new URL(url));
    }
    await complaining;
    listening.reject(new Error(`the service never listened:\n${printed}${complaints}`));
  })();
  stack.defer(async () => {
    child.kill("SIGKILL");
    await Promise.all([child.exited, reading]);
  });
  const url = await listening.promise;
  const running = stack.move();
  return {
    url,
    printed: () => printed,
    complaints: () => complaints,
    signal: (name) => child.kill(name),
    exited: child.exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Runs `bun run start` with only these variables. Its descendants end with it. */
export function spawnStart(project: Project, variables: Variables) {
  return spawnScript("start", project, variables);
}

function spawnScript(script: string, project: Project, variables: Variables, signal?: AbortSignal) {
  return Bun.spawn([process.execPath, "--no-orphans", "run", "--silent", script], {
    cwd: project.directory,
    env: {
      ...bareEnvironment(),
      NODE_ENV: "production",
      HOST: "127.0.0.1",
      PORT: "0",
      ...variables,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    killSignal: "SIGKILL",
    ...(signal ? { signal } : {}),
  });
}

/** The variables of `.env.example` except the port. Secrets get a value, as their owner would set one. */
export async function exampleOf(project: Project): Promise<Variables> {
  const lines = (await textOf(project, ".env.example")).matchAll(/^#? ?([A-Z][A-Z\d_]*)=(.*)$/gm);
  const variables: Record<string, string> = {};
  for (const [line, name = "", value = ""] of lines) {
    if (name.endsWith("_SECRET")) variables[name] = crypto.randomUUID().repeat(2);
    else if (!line.startsWith("#") && name !== "PORT" && name !== "NODE_ENV")
      variables[name] = value.trim();
  }
  return variables;
}

/** Waits until a condition holds. @throws if it does not hold within `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = SERVICE_TIMEOUT / 2,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await Bun.sleep(20);
  }
}

/** Whether new connections to the address are refused. */
export function isRefused(url: URL): Promise<boolean> {
  return fetch(new URL("healthz", url)).then(
    () => false,
    () => true,
  );
}
