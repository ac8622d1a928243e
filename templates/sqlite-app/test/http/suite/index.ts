// The contract of the API, which every engine must pass.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { PROCESS_TIMEOUT } from "../../project.ts";
import { Service, type Variables } from "../../service.ts";
// #region articles
import { articlesAndSearch } from "./articles.ts";
// #endregion
// #region transfer
import { manyClients } from "./load.ts";
import { importAndExport } from "./transfer.ts";
// #endregion
import { usersAndSessions } from "./users.ts";

export function testApi(variables: () => Promise<Variables>): void {
  let running: Service;
  let env: Variables;
  beforeAll(async () => {
    env = await variables();
    running = await Service.start(env);
  }, PROCESS_TIMEOUT);
  // Bun kills child processes when a test times out. The next test gets a new service on the same data.
  beforeEach(async () => {
    if (running.hasEnded) running = await Service.start(env, running.folder);
  }, PROCESS_TIMEOUT);
  afterAll(() => running[Symbol.asyncDispose]());

  describe("the service of the tests", () => {
    test("is killed by a test", async () => {
      await running.stop("SIGKILL");
    });
    test("is started again for the next test", async () => {
      expect((await running.send("GET", "/healthz")).status).toBe(200);
    });
  });
  describe("users and sessions", () => usersAndSessions(() => running));
  // #region articles
  describe("articles", () => articlesAndSearch(() => running));
  // #endregion
  // #region transfer
  describe("import and export", () => importAndExport(() => running));
  describe("load", () => manyClients(() => running));
  // #endregion
}
