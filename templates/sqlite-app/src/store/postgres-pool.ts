// Connections to PostgreSQL. A silent one is closed, and then replaced; Bun's pool would wait for it forever.
import { type ReservedSQL, SQL } from "bun";

const OPTIONS = {
  /** More than the exports and imports that may run, so that they cannot take every connection. */
  max: 20,
  /** Seconds for connecting. */
  connectionTimeout: 5,
  /** Seconds after which an unused connection is closed: firewalls drop idle ones without notice. */
  idleTimeout: 10,
};

/** Milliseconds that a statement may take. After that, its connection counts as silent. */
const STATEMENT_TIMEOUT_MS = 10_000;

export class Connection {
  constructor(readonly reserved: ReservedSQL) {}

  /** Runs one statement. Closing a silent connection rejects it with ERR_POSTGRES_CONNECTION_CLOSED. */
  async query<Row>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[] & { readonly count: number }> {
    const timer = setTimeout(() => this.close(), STATEMENT_TIMEOUT_MS);
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

  /** Open connections, in use or not. */
  connections = 0;

  constructor(url: string) {
    this.#sql = new SQL(url, {
      ...OPTIONS,
      onconnect: (error) => {
        if (!error) this.connections += 1;
      },
      onclose: () => {
        this.connections = Math.max(0, this.connections - 1);
      },
    });
  }

  /** Takes a connection; `close` ends its use. */
  async acquire(): Promise<Connection> {
    return new Connection(await this.#sql.reserve());
  }

  /** Runs `work` on a connection. If it rejects, the connection is closed, which rolls back its transaction. */
  async run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
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

  /** A value for a parameter of type `text[]`. */
  textArray(values: readonly string[]): unknown {
    return this.#sql.array([...values], "TEXT");
  }

  close(): Promise<void> {
    return this.#sql.close({ timeout: 0 });
  }
}
