// The service's start, stop and recovery from a kill: it migrates or refuses, and never serves a schema that does not fit this code.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { PROCESS_TIMEOUT, Project } from "./project.ts";
import { Service } from "./service.ts";

/** Windows has no signals: a process that is killed there cannot react. */
const posix = test.concurrent.skipIf(process.platform === "win32");

const refusal = (project: Project, env: Record<string, string> = {}) =>
  Service.start({ ...project.env, ...env }).then(
    () => "it started",
    (error: Error) => error.message,
  );

test.concurrent(
  "the service refuses a database that is newer than the code, and names the migration",
  async () => {
    using project = new Project("own");
    const later = project.next("later");
    project.write(later, "CREATE TABLE later (x TEXT) STRICT;");
    await project.dbOk("up");
    project.remove(later);
    for (const MIGRATE_ON_START of ["true", "false"]) {
      const message = await refusal(project, { MIGRATE_ON_START });
      expect(message).toContain(`${later} is applied, but has no file`);
      expect(message).not.toContain(" at ");
    }
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "with MIGRATE_ON_START=false, the service refuses to start while a migration is pending; otherwise it names its database",
  async () => {
    using project = new Project("own");
    expect(await refusal(project, { MIGRATE_ON_START: "false" })).toContain("bun run db up");
    await project.dbOk("up");
    await using service = await Service.start({ ...project.env, MIGRATE_ON_START: "false" });
    expect(service.output).toContain(`database ${project.database}`);
    expect((await service.send("GET", "/readyz")).status).toBe(200);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "the service refuses to start after a failed migration, and names the backup; it also refuses a file that is not a database",
  async () => {
    using project = new Project("own");
    const broken = project.next("broken");
    await project.dbOk("up");
    project.write(broken, "INSERT INTO nowhere VALUES (1);");
    const message = await refusal(project);
    expect(message).toContain(`${broken}.up.sql:1: no such table: nowhere`);
    expect(message).toContain(project.join("data", "backups", `before-up-${broken}.db`));
    using other = new Project("own");
    writeFileSync(other.database, "no database at all");
    expect(await refusal(other)).toContain("not a SQLite database");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an older release starts and works on a schema that is marked as compatible, so that a deploy can be rolled back",
  async () => {
    using project = new Project("own");
    const later = project.next("later");
    project.write(later, "-- migrate: compatible\nCREATE TABLE later (x TEXT) STRICT;");
    await using newer = await Service.start(project.env);
    project.remove(later);
    for (const MIGRATE_ON_START of ["true", "false"]) {
      await using older = await Service.start({ ...project.env, MIGRATE_ON_START });
      const { id } = await older.newUser();
      expect((await newer.send("GET", `/api/users/${id}`)).status).toBe(200);
    }
    await project.dbOk("validate");
    expect((await project.db("down")).stderr).toContain(`${later} has no file`);
  },
  PROCESS_TIMEOUT,
);

posix(
  "servers that start together on one file all start, and all work",
  async () => {
    using project = new Project("own");
    const services = await Promise.all([1, 2, 3].map(() => Service.start(project.env)));
    const users = await Promise.all(services.map((service) => service.newUser()));
    expect(new Set(users.map(({ id }) => id)).size).toBe(3);
    for (const service of services) {
      expect(await service.stop()).toBe(0);
      await service[Symbol.asyncDispose]();
    }
  },
  PROCESS_TIMEOUT,
);

posix(
  "SIGTERM ends a start that waits for the migration of another process",
  async () => {
    using project = new Project("own");
    project.write(project.next("vacuum"), "-- migrate: no-transaction\nVACUUM;");
    using other = new Database(`${project.database}-migration-lock`);
    other.run("BEGIN EXCLUSIVE");
    await using service = Service.spawn(project.env);
    // It exists once the service has its signal handlers.
    while (!existsSync(project.database)) await Bun.sleep(10);
    expect(await service.stop()).toBe(0);
  },
  PROCESS_TIMEOUT,
);

posix(
  "acknowledged writes survive kill -9, and SIGTERM leaves one complete file",
  async () => {
    await using service = await Service.start();
    const { id } = await service.newUser();
    await service.stop("SIGKILL");
    const again = await Service.start({}, service.folder);
    expect((await again.send("GET", `/api/users/${id}`)).json()).toMatchObject({ id });
    expect(await again.stop()).toBe(0);
    expect(await Bun.file(service.folder.join("app.db-wal")).exists()).toBe(false);
    using database = new Database(service.folder.join("app.db"), { readonly: true });
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup taken while the service runs can be restored after it has stopped",
  async () => {
    using project = new Project("own");
    await using service = await Service.start(project.env);
    const { id } = await service.newUser();
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    const refused = await project.db("restore", file);
    expect(refused.stderr).toContain("Stop the service");
    expect((await service.send("GET", "/readyz")).status).toBe(200);
    await service.stop();
    await project.dbOk("restore", file);
    expect(project.query("SELECT id FROM users")).toEqual([{ id }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a write that times out receives a 503 even with a short KEEP_ALIVE_TIMEOUT_S",
  async () => {
    using project = new Project("own");
    await using service = await Service.start({ ...project.env, KEEP_ALIVE_TIMEOUT_S: "2" });
    const { token } = await service.newUser();
    using other = project.open();
    other.run("BEGIN IMMEDIATE");
    // A request without a body: Bun counts its connection as idle until the response.
    const refused = await service.send("DELETE", "/api/sessions", { token });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
  },
  PROCESS_TIMEOUT,
);

/** Attempts to sign in. With a limit of one per minute, no slow machine refills it during a test. */
const oneAttempt = { LOGIN_RATE_LIMIT: "1" };
const attempt = (service: Service, email: string, headers?: Record<string, string>) =>
  service.send("POST", "/api/sessions", { body: { email, password: "wrong password" }, headers });

test.concurrent(
  "too many sign-in attempts for one account are refused with 429 and Retry-After",
  async () => {
    await using service = await Service.start(oneAttempt);
    const first = await attempt(service, "a@example.com");
    expect(first.status).toBe(401);
    const refused = await attempt(service, "A@example.com");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toContain("r=0");
    expect((await attempt(service, "b@example.com")).status).toBe(401);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "sign-ups from one address are limited, together with its attempts to sign in",
  async () => {
    await using service = await Service.start(oneAttempt);
    await service.newUser();
    const signUps = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        service.send("POST", "/api/users", {
          body: { email: `${i}@example.com`, name: "N", password: "long enough" },
        }),
      ),
    );
    const count = (wanted: number) => signUps.filter(({ status }) => status === wanted).length;
    // One address has 30 in total per minute, and one of each was used; a slow run may get another one.
    expect(count(201)).toBeWithin(28, 35);
    expect(count(201) + count(429)).toBe(40);
    const refused = signUps.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  },
  PROCESS_TIMEOUT,
);

/** Behind a proxy. Each test uses its own email, and an address has 30 attempts in total. */
let limited: Service;
beforeAll(async () => {
  limited = await Service.start({ ...oneAttempt, CLIENT_IP_HEADER: "x-forwarded-for" });
}, PROCESS_TIMEOUT);
afterAll(() => limited[Symbol.asyncDispose]());

test.concurrent.each([
  ["addresses of one IPv6 /64", ["2001:db8:7:7::1", "2001:db8:7:7::2", "2001:db8:7:7:ffff::3"]],
  ["ports of one IPv4 address", ["198.51.100.8:50001", "198.51.100.8:50002", "198.51.100.8"]],
  [
    "spellings of one IPv6 address",
    ["2001:db8::1", "2001:0db8:0:0:0:0:0:1", "[2001:db8::1]:443", "10.0.0.1, 2001:DB8::1"],
  ],
  ["an IPv4 address mapped to IPv6", ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"]],
])(
  "the limit on attempts to sign in counts as one client: %s",
  async (_, addresses) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const statusFrom = async (address: string) =>
      (await attempt(limited, email, { "x-forwarded-for": address })).status;
    const statuses = [];
    for (const address of addresses) statuses.push(await statusFrom(address));
    expect(statuses).toEqual([401, ...addresses.slice(1).map(() => 429)]);
    expect(await statusFrom("192.0.2.77")).toBe(401);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "sign-ups and sign-ins beyond the password queue are refused with 503, and the service keeps working",
  async () => {
    await using service = await Service.start({ PASSWORD_CONCURRENCY: "1", PASSWORD_QUEUE: "2" });
    const attempts = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        service.send("POST", "/api/users", {
          body: { email: `${i}@example.com`, name: "N", password: "long enough" },
        }),
      ),
    );
    const statuses = attempts.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([201, 503]));
    expect(attempts.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("1");
    // An unknown user costs the same time, and takes a slot too.
    const unknown = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        service.send("POST", "/api/sessions", {
          body: { email: `unknown-${i}@example.com`, password: "long enough" },
        }),
      ),
    );
    expect(new Set(unknown.map(({ status }) => status))).toEqual(new Set([401, 503]));
    await service.newUser();
  },
  PROCESS_TIMEOUT,
);
