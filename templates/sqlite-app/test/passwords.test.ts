// Passwords are hashed a limited number at a time; further ones are refused.
import { expect, test } from "bun:test";
import { Problem } from "#lib/http";
import { Passwords } from "../src/features/users/passwords.ts";

test("a password over the limit is refused with the reason, and without a cause to log", async () => {
  const passwords = new Passwords({ PASSWORD_CONCURRENCY: 1, PASSWORD_QUEUE: 0 });
  const hashing = passwords.hash("correct horse");
  const refused = await passwords.hash("correct horse").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Problem);
  expect(refused).toMatchObject({
    status: 503,
    detail: "Too many passwords are waiting: try again.",
  });
  expect((refused as Problem).cause).toBeUndefined();
  expect(await passwords.verify("correct horse", await hashing)).toBe(true);
});
