// A pool of connections to PostgreSQL that closes silent ones, on which Bun's own pool would wait forever.
import { SQL } from "bun";
import { Semaphore } from "../semaphore.ts";

/** More than the exports and imports that may run, so that they cannot take every connection. */
const MAX_CONNECTIONS = 20;
/** Queries that may wait for a connection; further ones get 503. */
const MAX_QUEUED = 1000;
const CONNECT_TIMEOUT_S = 5;
/** Milliseconds that a statement may take. After that, its connection counts as silent. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Milliseconds after which an idle connection is not used again: firewalls drop them without a notice. */
const MAX_IDLE_MS = 10_000;

type Values = readonly unknown[];

export class Connection {
  readonly #sql: SQL;
  idleSince = 0;

  constructor(url: string) {
    this.#sql = new SQL(url, { max: 1, connectionTimeout: CONNECT_TIMEOUT_S });
  }

  /** Runs one statement. Closing a silent connection rejects it with ERR_POSTGRES_CONNECTION_CLOSED. */
  async query<Row>(text: string, values: Values = []): Promise<Row[] & { readonly count: number }> {
    const timer = setTimeout(() => this.close(), STATEMENT_TIMEOUT_MS);
    try {
      return await this.#sql.unsafe(text, [...values]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A value for a parameter of type `text[]`. */
  textArray(values: readonly string[]): unknown {
    return this.#sql.array([...values], "TEXT");
  }

  close(): Promise<void> {
    return this.#sql.close({ timeout: 0 });
  }
}

export class PostgresPool {
  readonly #slots = new Semaphore("queries", { concurrency: MAX_CONNECTIONS, queue: MAX_QUEUED });
  readonly #idle: Connection[] = [];
  /** Each connection in use, with the function that releases its slot. */
  readonly #used = new Map<Connection, () => void>();

  constructor(readonly url: string) {}

  query<Row>(text: string, values?: Values): ReturnType<typeof Connection.prototype.query<Row>> {
    return this.run((connection) => connection.query<Row>(text, values));
  }

  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.run(async (connection) => {
      await connection.query("BEGIN");
      const result = await work(connection);
      await connection.query("COMMIT");
      return result;
    });
  }

  /** Runs `work` on a connection. If it rejects, the connection is closed, which rolls back its transaction. */
  async run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    let isClean = false;
    try {
      const result = await work(connection);
      isClean = true;
      return result;
    } finally {
      if (isClean) this.#keep(connection);
      else this.discard(connection);
    }
  }

  /** Takes a connection; end its use with `discard`. @throws {Problem} 503 if too many queries are waiting. */
  async acquire(): Promise<Connection> {
    const release = await this.#slots.acquire();
    const connection = this.#takeIdle() ?? new Connection(this.url);
    this.#used.set(connection, release);
    return connection;
  }

  /** Closes a connection that was acquired. */
  discard(connection: Connection): void {
    this.#release(connection);
    void connection.close();
  }

  async close(): Promise<void> {
    const connections = [...this.#idle, ...this.#used.keys()];
    await Promise.all(connections.map((connection) => connection.close()));
  }

  #keep(connection: Connection): void {
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    this.#release(connection);
  }

  #release(connection: Connection): void {
    this.#used.get(connection)?.();
    this.#used.delete(connection);
  }

  /** The last one that was used. If that has been idle for too long, all others have, and all are closed. */
  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop();
    if (!connection || performance.now() - connection.idleSince < MAX_IDLE_MS) return connection;
    for (const stale of [connection, ...this.#idle.splice(0)]) void stale.close();
    return undefined;
  }
}
