// How the service starts, stops and survives a kill: it migrates or refuses, and never serves an unknown schema.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Folder } from "./folder.ts";
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
  "it refuses a database that is newer than the code, by name",
  async () => {
    using project = new Project("own");
    project.write("0004_later", "CREATE TABLE later (x TEXT) STRICT;", "DROP TABLE later;");
    await project.dbOk("up");
    project.remove("0004_later");
    for (const MIGRATE_ON_START of ["true", "false"]) {
      const message = await refusal(project, { MIGRATE_ON_START });
      expect(message).toContain("0004_later is applied, but has no file");
      expect(message).not.toContain(" at ");
    }
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "with MIGRATE_ON_START=false it refuses while a migration is pending",
  async () => {
    using project = new Project("own");
    expect(await refusal(project, { MIGRATE_ON_START: "false" })).toContain("bun run db up");
    await project.dbOk("up");
    await using service = await Service.start({ ...project.env, MIGRATE_ON_START: "false" });
    expect((await service.send("GET", "/readyz")).status).toBe(200);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "it refuses a migration that fails, and a file that is not a database",
  async () => {
    using project = new Project("own");
    project.write("0004_broken", "INSERT INTO nowhere VALUES (1);");
    expect(await refusal(project)).toContain("0004_broken failed: no such table: nowhere");
    using other = new Project("own");
    writeFileSync(other.database, "no database at all");
    expect(await refusal(other)).toContain("not a SQLite database");
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
  "acknowledged writes survive kill -9, and SIGTERM leaves one complete file",
  async () => {
    await using service = await Service.start();
    const { token } = await service.newUser();
    const body = { title: "kept", body: "x" };
    const { json } = await service.send("POST", "/api/articles", { token, body });
    await service.stop("SIGKILL");
    const again = await Service.start({}, service.folder);
    const path = `/api/articles/${json().id}`;
    expect((await again.send("GET", path)).json()).toMatchObject({ title: "kept" });
    expect(await again.stop()).toBe(0);
    expect(await Bun.file(service.folder.join("app.db-wal")).exists()).toBe(false);
    using database = new Database(service.folder.join("app.db"), { readonly: true });
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an import that is killed at any moment is imported completely or not at all",
  async () => {
    using folder = new Folder();
    const ROWS = 5000;
    const line = `${JSON.stringify({ title: "bulk", body: "words ".repeat(50) })}\n`;
    const KILLS = 4;
    /** Imports into a new account and kills the service after `moment` milliseconds. @returns how many passed. */
    const importUntil = async (moment: number): Promise<number> => {
      const service = await Service.start({}, folder);
      const { token } = await service.newUser();
      const sent = { token, body: line.repeat(ROWS), type: "application/x-ndjson" };
      const started = performance.now();
      const importing = service.send("POST", "/api/articles/import", sent).catch(() => undefined);
      await Promise.race([importing, Bun.sleep(moment)]);
      const duration = performance.now() - started;
      await service.stop("SIGKILL");
      await importing;
      return duration;
    };
    const duration = await importUntil(PROCESS_TIMEOUT);
    for (let kill = 0; kill < KILLS; kill += 1) await importUntil((kill / KILLS) * duration);
    using database = new Database(folder.join("app.db"));
    const counts = database.query("SELECT count(*) FROM articles GROUP BY author").values().flat();
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.filter((count) => count !== ROWS)).toEqual([]);
    expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup taken while the service runs can be restored after it has stopped",
  async () => {
    using project = new Project("own");
    await using service = await Service.start(project.env);
    const { token } = await service.newUser();
    await service.send("POST", "/api/articles", { token, body: { title: "kept", body: "x" } });
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    const refused = await project.db("restore", file);
    expect(refused.stderr).toContain("Stop the server");
    expect((await service.send("GET", "/readyz")).status).toBe(200);
    await service.stop();
    await project.dbOk("restore", file);
    expect(project.query("SELECT title FROM articles")).toEqual([{ title: "kept" }]);
  },
  PROCESS_TIMEOUT,
);

/** Attempts to sign in. With a limit of one per minute, no slow machine refills it during a test. */
const oneAttempt = { LOGIN_RATE_LIMIT: "1" };
const attempt = (service: Service, email: string, headers?: Record<string, string>) =>
  service.send("POST", "/api/sessions", { body: { email, password: "wrong password" }, headers });

test.concurrent(
  "too many attempts to sign in to one account are 429 with Retry-After",
  async () => {
    await using service = await Service.start(oneAttempt);
    const first = await attempt(service, "a@example.com");
    expect(first.status).toBe(401);
    expect(first.headers.get("ratelimit")).toContain("r=0");
    const refused = await attempt(service, "A@example.com");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toContain("r=0");
    expect((await attempt(service, "b@example.com")).status).toBe(401);
  },
  PROCESS_TIMEOUT,
);

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
    await using service = await Service.start({
      ...oneAttempt,
      CLIENT_IP_HEADER: "x-forwarded-for",
    });
    const statuses = [];
    for (const address of addresses) {
      const { status } = await attempt(service, "a@example.com", { "x-forwarded-for": address });
      statuses.push(status);
    }
    expect(statuses).toEqual([401, ...addresses.slice(1).map(() => 429)]);
    const other = { "x-forwarded-for": "192.0.2.77" };
    expect((await attempt(service, "a@example.com", other)).status).toBe(401);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "passwords beyond the queue are 503, and the service keeps working",
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
