// The contract of the API, which every engine must pass.
import { afterAll, beforeAll, describe } from "bun:test";
import { PROCESS_TIMEOUT } from "../../project.ts";
import { Service, type Variables } from "../../service.ts";
import { articlesAndSearch } from "./articles.ts";
import { manyClients } from "./load.ts";
import { importAndExport } from "./transfer.ts";
import { usersAndSessions } from "./users.ts";

export function testApi(variables: () => Promise<Variables>): void {
  let running: Service;
  beforeAll(async () => {
    running = await Service.start(await variables());
  }, PROCESS_TIMEOUT);
  afterAll(() => running[Symbol.asyncDispose]());

  describe("users and sessions", () => usersAndSessions(() => running));
  describe("articles", () => articlesAndSearch(() => running));
  describe("import and export", () => importAndExport(() => running));
  describe("load", () => manyClients(() => running));
}
