// Runs the service as a child process on a free port, with a temporary folder, and sends requests to it.
import { join } from "node:path";
import { Folder } from "./folder.ts";
import { BARE } from "./project.ts";

const ROOT = join(import.meta.dir, "..");
export const PASSWORD = "correct horse";

export type Variables = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly json: () => Record<string, unknown>;
}

export interface Sent {
  readonly token?: string | undefined;
  /** Sent as JSON, unless `type` is set. */
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export class Service implements AsyncDisposable {
  #output = "";
  #url = "";
  readonly #reading: Promise<void>;

  readonly #listening: Promise<string>;

  private constructor(
    readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    readonly folder: Folder,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    promise.catch(() => undefined); // Without `start`, nothing waits for it.
    this.#listening = promise;
    this.#reading = (async () => {
      for await (const chunk of child.stdout) {
        this.#output += Buffer.from(chunk).toString();
        this.#url ||= /listening.*?(http:\S+?)\/?\s/.exec(this.#output)?.[1] ?? "";
        if (this.#url !== "") resolve(this.#url);
      }
      reject(new Error(`The service ended: ${this.#output}${await child.stderr.text()}`));
    })();
  }

  /** @param root the folder of the code. */
  static spawn(env: Variables = {}, folder = new Folder(), root = ROOT): Service {
    const child = Bun.spawn([process.execPath, join(root, "src/main.ts")], {
      cwd: folder.path,
      env: {
        ...BARE,
        PORT: "0",
        LOG_LEVEL: "error",
        LOGIN_RATE_LIMIT: "100000",
        DATA_DIR: folder.path,
        ...env,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return new Service(child, folder);
  }

  /**
   * Like `spawn`, and waits until the service listens.
   * @throws with the output of the service, if it exits before.
   */
  static async start(env?: Variables, folder?: Folder, root?: string): Promise<Service> {
    const service = Service.spawn(env, folder, root);
    try {
      await service.#listening;
      return service;
    } catch (error) {
      service.folder[Symbol.dispose]();
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get url(): string {
    return this.#url;
  }

  /** The output of the service on stdout so far. */
  get output(): string {
    return this.#output;
  }

  async send(
    method: string,
    path: string,
    { token, body, type, ...init }: Sent = {},
  ): Promise<Reply> {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("content-type", type ?? "application/json");
    const response = await fetch(this.#url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: type ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text),
    };
  }

  /** Creates a user and signs in. */
  async newUser(
    email = `${crypto.randomUUID()}@example.com`,
  ): Promise<{ id: number; token: string }> {
    const user = await this.send("POST", "/api/users", {
      body: { email, name: "Somebody", password: PASSWORD },
    });
    if (user.status !== 201) throw new Error(`sign up: ${user.status} ${user.text}`);
    const session = await this.send("POST", "/api/sessions", {
      body: { email, password: PASSWORD },
    });
    return { id: Number(user.json().id), token: String(session.json().token) };
  }

  /** Sends a signal and waits until the process exits. @returns the exit code. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number> {
    this.child.kill(signal);
    const exitCode = await this.child.exited;
    await this.#reading.catch(() => undefined);
    return exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    this.folder[Symbol.dispose]();
  }
}
