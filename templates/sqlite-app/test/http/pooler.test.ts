// Behind PgBouncer in transaction mode, where each statement may run on another connection of the server.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { behindPgBouncer, PGBOUNCER } from "../pgbouncer.ts";
import { onPostgres, withPrograms } from "../postgres.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";
import { Service } from "../service.ts";

const ARTICLES = 30;

onPostgres((newDatabase) => {
  const title = "every request gets the rows of its statement";
  if (PGBOUNCER === null) {
    test.skip(`${title}: install pgbouncer to run this test`, () => undefined);
    return;
  }
  test(
    title,
    async () => {
      await using pooler = await behindPgBouncer(await newDatabase());
      await using service = await Service.start({ DATABASE_URL: pooler.url }); // Migrates through the pooler.
      const { id, token } = await service.newUser();
      const lines = Array.from({ length: ARTICLES }, (_, i) =>
        JSON.stringify({ title: `title ${i + 1}`, body: "b" }),
      );
      const body = lines.join("\n");
      const sent = { token, body, type: "application/x-ndjson" };
      const imported = await service.send("POST", "/api/articles/import", sent);
      expect(imported.json()).toEqual({ imported: ARTICLES });

      const wrong: string[] = [];
      const get = async (path: string, isRight: (json: Record<string, unknown>) => boolean) => {
        const { status, text, json } = await service.send("GET", path);
        if (status !== 200 || !isRight(json())) wrong.push(`${path}: ${status} ${text}`);
      };
      const update = async (article: number) => {
        const change = { token, body: { body: `changed ${article}` } };
        const { status } = await service.send("PATCH", `/api/articles/${article}`, change);
        if (status !== 200) wrong.push(`PATCH ${article}: ${status}`);
      };
      const items = ({ items }: Record<string, unknown>) => items as { title: string }[];
      for (let round = 0; round < 20; round += 1) {
        const requests = Array.from({ length: 12 }, (_, i) => [
          get(`/api/articles?limit=${5 + (i % 5)}`, (json) => items(json).length === 5 + (i % 5)),
          get(`/api/articles/${1 + i}`, (json) => json.title === `title ${1 + i}`),
          get(
            `/api/articles?q=${1 + i}&limit=1`,
            (json) => items(json)[0]?.title === `title ${1 + i}`,
          ),
          get(`/api/users/${id}`, (json) => json.id === id && Array.isArray(json.articles)),
          update(ARTICLES - (i % 3)),
        ]);
        await Promise.all(requests.flat());
      }
      expect(wrong).toEqual([]);
      const { text } = await service.send("GET", "/api/articles/export");
      expect(text.trimEnd().split("\n")).toHaveLength(ARTICLES);
      expect((await service.send("GET", "/readyz")).status).toBe(200);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a restore leaves the sessions of the pooler as they were; a backup and a dump, which cannot, are refused",
    async () => {
      const direct = await newDatabase();
      await using pooler = await behindPgBouncer(direct);
      using project = new Project("none", pooler.url);
      using administrator = new Project("none", direct);
      project.write("0001_note", "CREATE TABLE note (id int PRIMARY KEY);");
      await project.dbOk("up");
      const file = project.join("backup.dump");
      for (const command of [["backup", file], ["dump"]]) {
        const { exitCode, stderr } = await project.db(...command);
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining("pooler")]);
      }
      await administrator.dbOk("backup", file);
      await project.dbOk("restore", file, "--yes");
      await using sql = new SQL(pooler.url, { prepare: false });
      // Sleeps, so that each query gets another session.
      const read = () => sql.unsafe("SELECT count(*) FROM note, pg_sleep(0.2)");
      await Promise.all([read(), read(), read()]);
    },
    PROCESS_TIMEOUT,
  );
});
