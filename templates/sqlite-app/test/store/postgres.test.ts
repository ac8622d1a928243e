// The store on PostgreSQL.
import { onPostgres } from "../postgres.ts";
import { keepsTheContract } from "./contract.ts";

onPostgres((newDatabase) => keepsTheContract(async () => ({ DATABASE_URL: await newDatabase() })));
