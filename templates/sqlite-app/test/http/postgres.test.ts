// The API on PostgreSQL, also on a database that cannot store every character.
import { expect, test } from "bun:test";
import { onPostgres } from "../postgres.ts";
import { Service } from "../service.ts";
import { testApi } from "./suite/index.ts";

onPostgres((newDatabase) => {
  testApi(async () => ({ DATABASE_URL: await newDatabase() }));

  test("a character that a LATIN1 database cannot store is 422, and others are stored", async () => {
    const url = await newDatabase("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    await using service = await Service.start({ DATABASE_URL: url });
    const create = async (name: string) => {
      const body = { email: `${crypto.randomUUID()}@example.com`, name, password: "long enough" };
      return await service.send("POST", "/api/users", { body });
    };
    expect((await create("Zoë")).json().name).toBe("Zoë");
    for (const name of ["日本", "😀"]) {
      const { status, json } = await create(name);
      expect(status).toBe(422);
      expect(json().detail).toContain("cannot store");
    }
  });
});
