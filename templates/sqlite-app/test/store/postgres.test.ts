// The store on PostgreSQL.
import { onPostgres } from "../postgres.ts";
import { testStore } from "./contract.ts";

onPostgres((newDatabase) => testStore(async () => ({ DATABASE_URL: await newDatabase() })));
