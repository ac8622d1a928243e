// How the service starts: it migrates or refuses, and it never serves a schema that it does not know.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Folder } from "./folder.ts";
import { PROCESS_TIMEOUT, Project } from "./project.ts";
import { Service } from "./service.ts";

/** Windows has no signals: a process is ended there without being asked. */
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
  "it refuses a migration that fails, and a file that is no database",
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
  "what it acknowledged is there after kill -9, and it is one sound file after SIGTERM",
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
  "an import that is killed at any moment is all there or not at all",
  async () => {
    using folder = new Folder();
    const ROWS = 5000;
    const line = `${JSON.stringify({ title: "bulk", body: "words ".repeat(50) })}\n`;
    const KILLS = 4;
    /** Imports into a new account, kills the service after so many milliseconds, and tells how many it were. */
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
  "a backup that is taken while the service runs can be restored once it has stopped",
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

test.concurrent(
  "too many attempts to sign in are told when to come back",
  async () => {
    await using service = await Service.start({ LOGIN_RATE_LIMIT: "3" });
    const attempt = (email: string) =>
      service.send("POST", "/api/sessions", { body: { email, password: "wrong password" } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await attempt("a@example.com")).status);
    const refused = await attempt("A@example.com");
    expect([...statuses, refused.status]).toEqual([401, 401, 401, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toContain("r=0");
    expect((await attempt("b@example.com")).status).toBe(401);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "more passwords than may wait are 503, and the service goes on",
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
    // An unknown user costs the same: it takes a place, too.
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
