// The store interface of imports and exports. Every engine passes the contract in test/store/.
import type { Article } from "../articles/store.ts";
import type { ImportReport } from "./import-reader.ts";

/** Every method may reject with an outage of the database, which `toProblem` maps to 503, or to 507 for a full disk. */
export interface TransferStore {
  /** Yields every article in order of id, from one snapshot, with constant memory. */
  exportArticles(): AsyncGenerator<readonly Article[], void, void>;
  /** Imports all lines or none. If a line is invalid or `chunks` fails, nothing is written. */
  importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport>;
}
