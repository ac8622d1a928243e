// The API on SQLite.
import { keepsItsPromises } from "./suite/index.ts";

keepsItsPromises(async () => ({}));
