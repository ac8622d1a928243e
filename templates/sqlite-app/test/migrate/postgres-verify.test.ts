// Which errors make a backup unverified, and which make it fail.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { verifyDump } from "../../src/migrate/postgres-verify.ts";
import { parsePostgresUrl } from "../../src/postgres-url.ts";

test("a full disk is not mistaken for a role that cannot create a database", async () => {
  const full = new SQL.PostgresError("No space left on device", {
    code: "ERR_POSTGRES_SERVER_ERROR",
    errno: "53100",
    detail: "",
    hint: "",
    severity: "ERROR",
  });
  const server = {
    unsafe: async (text: string) => {
      if (text.startsWith("CREATE DATABASE")) throw full;
      return [{ options: "" }];
    },
  } as unknown as SQL;
  const connection = parsePostgresUrl("postgres://localhost/app", {});
  const context = { connection, stop: new AbortController().signal };
  const verified = verifyDump(server, context, "app.dump", { query: "", expected: "" });
  expect(await verified.catch((error: unknown) => error)).toMatchObject({
    message: "The backup could not be verified, and was deleted: No space left on device",
  });
});
