// The API on PostgreSQL.
import { onPostgres } from "../postgres.ts";
import { keepsItsPromises } from "./suite/index.ts";

onPostgres((newDatabase) => keepsItsPromises(async () => ({ DATABASE_URL: await newDatabase() })));
