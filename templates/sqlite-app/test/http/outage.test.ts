// Outages of the database: requests and readyz are 503, and the service recovers without a restart.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { onPostgres } from "../postgres.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import { Service } from "../service.ts";
import { Wire } from "../wire.ts";

/** Path of a request that reads, and gets 404 while the database works. */
const NOBODY = "/api/users/999999";
const NEW_USER = { email: "new@example.com", name: "N", password: "long enough" };

onPostgres((newDatabase) => {
  async function behindWire() {
    const url = new URL(await newDatabase());
    const wire = new Wire(url.hostname, Number(url.port || 5432));
    url.host = `127.0.0.1:${await wire.listen()}`;
    const service = await Service.start({ DATABASE_URL: url.href });
    const until = async (path: string, status: number) => {
      while ((await service.send("GET", path)).status !== status) await Bun.sleep(50);
    };
    return { wire, service, until };
  }

  /** Runs one statement on the database, outside the service. */
  async function execute(url: string, statement: string): Promise<void> {
    await using sql = new SQL(url, { max: 1 });
    await sql.unsafe(statement);
  }

  test(
    "while the database refuses connections, reads, writes and readyz are 503",
    async () => {
      const { wire, service, until } = await behindWire();
      using _wire = wire;
      await using _service = service;
      await until("/readyz", 200);
      wire.cut();
      await until("/readyz", 503);
      const refused = await service.send("GET", NOBODY);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect((await service.send("POST", "/api/users", { body: NEW_USER })).status).toBe(503);
      // #region transfer
      expect((await service.send("GET", "/api/articles/export")).status).toBe(503);
      // #endregion
      expect((await service.send("GET", "/healthz")).status).toBe(200);
      wire.restore();
      await until("/readyz", 200);
      await until(NOBODY, 404);
    },
    PROCESS_TIMEOUT,
  );

  test.each([
    ["all connections are in use when they go silent", 30],
    ["one request meets a silent connection", 1],
  ])(
    "silent connections are replaced within 15 s: %s",
    async (_, requests) => {
      const { wire, service } = await behindWire();
      using _wire = wire;
      await using _service = service;
      const list = () => service.send("GET", NOBODY).then(({ status }) => status);
      const burst = (count: number) => Promise.all(Array.from({ length: count }, list));
      expect(new Set(await burst(60))).toEqual(new Set([404]));
      wire.silence();
      const started = performance.now();
      expect(await burst(requests)).toContain(503);
      expect(performance.now() - started).toBeLessThan(15_000);
      expect(new Set(await burst(60))).toEqual(new Set([404]));
      expect((await service.send("GET", "/readyz")).status).toBe(200);
    },
    PROCESS_TIMEOUT,
  );

  test(
    "while the database is read-only, writes and readyz are 503 and reads are served",
    async () => {
      const url = await newDatabase();
      await using first = await Service.start({ DATABASE_URL: url });
      await first.stop();
      const { pathname } = new URL(url);
      await execute(
        url,
        `ALTER DATABASE ${pathname.slice(1)} SET default_transaction_read_only = on`,
      );
      await using service = await Service.start({ DATABASE_URL: url });
      expect((await service.send("GET", "/readyz")).status).toBe(503);
      expect((await service.send("POST", "/api/users", { body: NEW_USER })).status).toBe(503);
      expect((await service.send("GET", NOBODY)).status).toBe(404);
      expect((await service.send("GET", "/healthz")).status).toBe(200);
    },
    PROCESS_TIMEOUT,
  );

  test(
    "requests that wait too long for a connection are 503, and not closed without a response",
    async () => {
      const url = await newDatabase();
      const variables = { DATABASE_URL: `${url}?max=1`, KEEP_ALIVE_TIMEOUT_S: "10" };
      await using service = await Service.start(variables);
      await using sql = new SQL(url, { max: 1 });
      await sql.begin(async (transaction) => {
        await transaction.unsafe("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
        const get = () => service.send("GET", NOBODY).then(({ status }) => status);
        expect(await Promise.all(Array.from({ length: 6 }, get))).toEqual(Array(6).fill(503));
      });
      expect((await service.send("GET", NOBODY)).status).toBe(404);
    },
    PROCESS_TIMEOUT,
  );

  test(
    "a write that waits too long for a lock is 503",
    async () => {
      const url = await newDatabase();
      const { pathname } = new URL(url);
      await execute(url, `ALTER DATABASE ${pathname.slice(1)} SET lock_timeout = '100ms'`);
      await using service = await Service.start({ DATABASE_URL: url });
      await using sql = new SQL(url, { max: 1 });
      await sql.begin(async (transaction) => {
        await transaction.unsafe("LOCK TABLE users IN EXCLUSIVE MODE");
        expect((await service.send("POST", "/api/users", { body: NEW_USER })).status).toBe(503);
      });
      expect((await service.send("POST", "/api/users", { body: NEW_USER })).status).toBe(201);
    },
    PROCESS_TIMEOUT,
  );
});
