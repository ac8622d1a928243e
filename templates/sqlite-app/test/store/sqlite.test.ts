// The store on SQLite.
import { afterAll } from "bun:test";
import { Folder } from "../folder.ts";
import { keepsTheContract } from "./contract.ts";

const folder = new Folder();
keepsTheContract(async () => ({ DATA_DIR: folder.path }));
afterAll(() => folder[Symbol.dispose]());
