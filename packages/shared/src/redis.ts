// A connection to Redis that fails fast, and is replaced when it breaks, goes silent or becomes read-only.
import { RedisClient } from "bun";
import { StartError } from "./lifecycle.ts";
import { log } from "./log.ts";
import { storeUnavailable } from "./problem.ts";
import { within } from "./within.ts";

/** Milliseconds that Redis has to respond. */
const TIMEOUT_MS = 2000;
/** Milliseconds between the first two attempts to connect; they double up to `MAX_RETRY_MS`. */
const RETRY_MS = 250;
const MAX_RETRY_MS = 2000;

/** Error replies of a server that has become a replica. Reconnecting may reach the new primary at the same address. */
const DEMOTED = /^(READONLY|MASTERDOWN|UNBLOCKED)\b/;

/** Runs on each new connection before any other command. A rejection counts as not connected. */
type OnConnect = (client: RedisClient) => Promise<void>;

export class RedisConnection {
  #client: RedisClient | undefined;
  #connecting: Promise<void> | undefined;
  #isClosed = false;
  /** Why there is no connection. */
  #failure: Error | undefined;

  private constructor(
    readonly url: string,
    readonly onConnect: OnConnect | undefined,
  ) {}

  /** @throws {Problem} 503 if Redis cannot be reached. */
  static async open(url: string, onConnect?: OnConnect): Promise<RedisConnection> {
    const connection = new RedisConnection(url, onConnect);
    await connection.#connect().catch((cause) => {
      throw storeUnavailable(cause);
    });
    return connection;
  }

  /** Connects in the background, for services that start without Redis: until then, every command fails. */
  static start(url: string, onConnect?: OnConnect): RedisConnection {
    const connection = new RedisConnection(url, onConnect);
    connection.#connecting = connection.#reconnect();
    return connection;
  }

  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /**
   * Sends a command. While there is no connection it fails immediately: nothing is queued.
   * @param timeoutMs for blocking commands: milliseconds until the connection counts as silent.
   * @throws {Problem} 503 for every failure, an error reply included; its `cause` is the error.
   */
  async send(command: string, args: string[], timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const client = this.#client;
    if (!client) {
      const cause = this.#failure;
      throw storeUnavailable(new Error("There is no connection to Redis.", { cause }));
    }
    try {
      return await inTime(client.send(command, args), timeoutMs);
    } catch (cause) {
      if (!isErrorReply(cause) || DEMOTED.test(cause.message)) this.#replace(client);
      throw storeUnavailable(cause);
    }
  }

  /** Replaces the connection. Call it if another connection to the same URL reaches a different server. */
  reconnect(): void {
    if (this.#client) this.#replace(this.#client);
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.close();
    this.#client = undefined;
  }

  #replace(client: RedisClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.close();
    this.#connecting ??= this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    let delay = RETRY_MS;
    while (!this.#isClosed && !this.#client) {
      try {
        await this.#connect();
        this.#failure = undefined;
      } catch (error) {
        const { message: reason } = error as Error;
        const { host } = new URL(this.url);
        if (reason !== this.#failure?.message) {
          log.warn("cannot use Redis at {host}: {reason}", { host, reason });
        }
        this.#failure = error as Error;
        await Bun.sleep(delay);
        delay = Math.min(delay * 2, MAX_RETRY_MS);
      }
    }
    this.#connecting = undefined;
  }

  async #connect(): Promise<void> {
    const client = new RedisClient(this.url, {
      autoReconnect: false,
      connectionTimeout: TIMEOUT_MS,
    });
    try {
      await inTime(client.connect(), TIMEOUT_MS).catch((cause) => {
        // The runtime's message is "Connection closed", whatever the reason is.
        const reason = "it cannot be reached, or refuses the user, the password or TLS";
        throw new Error(reason, { cause });
      });
      if (this.onConnect) await inTime(this.onConnect(client), TIMEOUT_MS);
    } catch (error) {
      client.close();
      throw error;
    }
    if (this.#isClosed) client.close();
    else this.#client = client;
    client.onclose = () => this.#replace(client);
  }
}

/** For a service that cannot start without Redis. It names only the host: the URL may contain a password. */
export function redisStartError(url: string, error: unknown): StartError {
  // The cause of a `Problem` says more than its message.
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const reason = cause instanceof Error ? cause.message : cause;
  const hint = "Start Redis, or set REDIS_URL to where it runs.";
  return new StartError(`Can't use Redis at ${new URL(url).host} (${reason}).`, hint, { cause });
}

async function inTime<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  if (await within(timeoutMs, reply)) return reply;
  throw new Error("Redis does not respond.");
}

/** Whether the error is a reply of Redis, e.g. out of memory, and not a failure of the connection. */
function isErrorReply(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_REDIS_SERVER_ERROR";
}
