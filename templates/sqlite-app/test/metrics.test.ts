// The service's own metrics: migrations, queries, and the write-ahead log or the connections.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Service } from "./service.ts";

const migrations = readdirSync(join(import.meta.dir, "../migrations/sqlite"));

test("migrations and queries are counted", async () => {
  await using service = await Service.start({ METRICS_PORT: "0" });
  const url = /http:\/\/\S+\/metrics/.exec(service.output)?.[0] ?? "";
  const scrape = async () => await (await fetch(url)).text();
  const figure = (text: string, name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1] ?? "NaN",
    );

  expect(figure(await scrape(), "db_migrations_applied")).toBe(
    migrations.filter((name) => name.endsWith(".up.sql")).length,
  );
  await service.send("GET", "/api/users/1");
  await service.send("GET", "/api/users/2");
  const text = await scrape();
  expect(figure(text, 'db_queries_total{name="findProfile"}')).toBe(2);
  expect(figure(text, 'db_query_duration_seconds_count{name="findProfile"}')).toBe(2);
  expect(figure(text, "db_wal_bytes")).toBeGreaterThanOrEqual(0);
});
