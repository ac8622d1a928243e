// Unix sockets and TLS files: `bun run db` and PostgreSQL's programs connect in the same way as the service.
import { expect, test } from "bun:test";
import { findProgram } from "../postgres-programs.ts";
import { missingForServer, startPostgres } from "../postgres-server.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const programs = ["pg_dump", "psql"].filter((name) => !findProgram(name));
const missing = [...missingForServer, ...programs];
const title =
  "up, backup and restore through a socket, over TLS, and with parameters that override the URL";
if (missing.length > 0) {
  test.skip(`${title}: install ${missing.join(", ")} to run this test`, () => undefined);
} else {
  test(
    title,
    async () => {
      await using server = await startPostgres();
      const { port, socket, certificate } = server;
      const urls = [
        `postgres://postgres@/postgres?host=${socket}&port=${port}`,
        `postgres://postgres@${encodeURIComponent(socket)}:${port}/postgres`,
        `postgres://nobody@127.0.0.1:1/x?host=${socket}&port=${port}&dbname=postgres&user=postgres`,
        `postgres://postgres@localhost:${port}/postgres?sslmode=verify-full&sslrootcert=${certificate}`,
      ];
      for (const url of urls) {
        using project = new Project("none", url);
        project.writeThree();
        while ((await project.db("status")).exitCode !== 0) await Bun.sleep(50); // The server starts.
        await project.dbOk("up");
        const file = project.join("backup.dump");
        expect((await project.dbOk("backup", file)).stdout).toContain("bytes, verified");
        await project.dbOk("restore", file, "--yes");
        expect((await project.dbOk("dump")).stdout).toContain("CREATE TABLE public.a");
      }
      // The system's certificates do not include that of this server, and libpq needs a certificate file.
      using project = new Project(
        "none",
        `postgres://postgres@localhost:${port}/postgres?sslmode=verify-full`,
      );
      expect((await project.db("backup", project.join("x.dump"))).stderr).toContain("sslrootcert");
    },
    PROCESS_TIMEOUT,
  );
}
