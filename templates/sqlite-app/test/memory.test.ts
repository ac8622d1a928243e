// What streams costs no memory by its length, whether its client reads or not.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { PROCESS_TIMEOUT } from "./project.ts";
import { Service } from "./service.ts";

const ARTICLES = 100_000;
/** Of each article; together 200 MB. */
const BODY = 2000;

/** The most memory that the service ever had at once, in MiB; Linux counts that. */
async function peak({ child }: Service): Promise<number> {
  const status = await Bun.file(`/proc/${child.pid}/status`).text();
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

test.skipIf(process.platform !== "linux")(
  "an export of 200 MB, read or not, costs a fraction of that",
  async () => {
    await using service = await Service.start();
    const { id } = await service.newUser();
    using database = new Database(service.folder.join("app.db"));
    database.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO articles (author, title, body, created_at, updated_at)
       SELECT ?, 'title ' || i, printf('%.*c', ?, 'x'), '2026', '2026' FROM n`,
      [ARTICLES, id, BODY],
    );
    const before = await peak(service);
    const stuck = connect(Number(new URL(service.url).port), "127.0.0.1", () => {
      stuck.write("GET /api/articles/export HTTP/1.1\r\nhost: stuck\r\n\r\n");
    }).pause();
    const response = await fetch(`${service.url}/api/articles/export`);
    let bytes = 0;
    for await (const chunk of response.body ?? []) bytes += chunk.byteLength;
    stuck.destroy();
    expect(bytes).toBeGreaterThan(ARTICLES * BODY);
    expect((await peak(service)) - before).toBeLessThan(100);
  },
  PROCESS_TIMEOUT,
);
