// The helper of the tests: a shared server that was ended, as Bun does when a test times out, is started again.
import { expect, test } from "bun:test";
import { ChatServer } from "./server.ts";

const server = ChatServer.shared();

test("one test ends the shared server", async () => {
  expect(await server.stop()).toBe(0);
});

test("the next test has a server again", async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
