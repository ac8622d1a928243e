// The API on SQLite.
import { testApi } from "./suite/index.ts";

testApi(async () => ({}));
