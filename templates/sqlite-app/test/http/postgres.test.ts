// The API on PostgreSQL.
import { onPostgres } from "../postgres.ts";
import { testApi } from "./suite/index.ts";

onPostgres((newDatabase) => testApi(async () => ({ DATABASE_URL: await newDatabase() })));
