// The store on SQLite.
import { afterAll } from "bun:test";
import { Folder } from "../folder.ts";
import { testStore } from "./contract.ts";

const folder = new Folder();
testStore(async () => ({ DATA_DIR: folder.path }));
afterAll(() => folder[Symbol.dispose]());
