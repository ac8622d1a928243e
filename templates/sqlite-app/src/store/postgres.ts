// Connections to PostgreSQL. Closes connections that stop responding, for which Bun's pool would wait forever.
import { type ReservedSQL, SQL } from "bun";
import { Problem } from "#lib/http";
import { type ConnectionSettings, sqlArguments } from "../postgres-url.ts";
import { StoreBusyError } from "./busy.ts";

// #region transfer
// More than the 10 exports and imports that may run at a time. A smaller `max` in DATABASE_URL is accepted, but then they
// can use every connection.
// #endregion
const MAX_CONNECTIONS = 20;

export class PooledConnection {
  /** @param timeoutMs milliseconds that a statement may take. After that, the connection is closed. */
  constructor(
    readonly reserved: ReservedSQL,
    private readonly timeoutMs: number,
  ) {}

  /** Runs one statement. Closing a silent connection rejects it with ERR_POSTGRES_CONNECTION_CLOSED. */
  async query<Row>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[] & { readonly count: number }> {
    const timer = setTimeout(() => this.close(), this.timeoutMs);
    try {
      return await this.reserved.unsafe(text, [...values]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.reserved.close({ timeout: 0 });
  }
}

export class PostgresPool {
  readonly #sql: SQL;

  #connections = 0;

  /** @param timeoutMs milliseconds that a statement may take, and that it may wait for a connection before. */
  constructor(
    connection: ConnectionSettings,
    private readonly timeoutMs: number,
  ) {
    const [url, options] = sqlArguments(connection);
    this.#sql = new SQL(url, {
      ...options,
      max: connection.max ?? MAX_CONNECTIONS,
      connectionTimeout: 5, // Seconds.
      // Seconds after which an unused connection is closed: firewalls drop idle ones without notice. Shorter than
      // `timeoutMs`, so that after one request has timed out, no silent connection is left.
      idleTimeout: Math.ceil(timeoutMs / 2000),
      onconnect: (error) => {
        if (!error) this.#connections += 1;
      },
      onclose: () => {
        this.#connections = Math.max(0, this.#connections - 1);
      },
    });
  }

  /** Open connections, in use or not. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Reserves a connection. Call `close` when you are done.
   * @throws {StoreBusyError} if none is free in time.
   */
  async acquire(): Promise<PooledConnection> {
    const reserving = this.#sql.reserve();
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      // A reservation cannot be withdrawn, so the connection is released once it is there.
      reserving.then((late) => late.release()).catch(() => undefined);
      reject(new StoreBusyError("Every connection of the pool is in use."));
    }, this.timeoutMs);
    try {
      return new PooledConnection(await Promise.race([reserving, timeout]), this.timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs `work` on a connection. If it rejects, the connection is closed, which rolls back its transaction. */
  async run<T>(work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      const result = await work(connection);
      connection.reserved.release();
      return result;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  query<Row>(text: string, values?: readonly unknown[]) {
    return this.run((connection) => connection.query<Row>(text, values));
  }

  /**
   * Checks that the database accepts writes. A standby or a read-only database rejects the DELETE. The message, which
   * is only written to the WAL, makes the server commit even if no session has expired.
   */
  async ready(): Promise<void> {
    await this.query(
      `WITH expired AS (DELETE FROM sessions WHERE expires_at <= now())
       SELECT pg_logical_emit_message(true, 'ready', '')`,
    );
  }

  close(): Promise<void> {
    return this.#sql.close({ timeout: 0 });
  }
}

/** A timestamp in the format of the API, so that rows need no conversion. */
export function time(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Maps the error of a character that the encoding of the database, e.g. LATIN1, does not have. */
export function unstorableText(error: unknown): Problem | undefined {
  if (!(error instanceof SQL.PostgresError && error.errno === "22P05")) return undefined;
  return new Problem(422, "The text contains a character that the database cannot store.");
}
