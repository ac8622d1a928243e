// GET /api/articles/export and POST /api/articles/import: all articles as NDJSON, and NDJSON as articles.
import type { Server } from "bun";
import { type Context, Hono } from "hono";
import { clientAddress } from "#lib/client-address";
import { type HttpEnv, Problem, readBody } from "#lib/http";
import type { Env } from "../../env.ts";
import { Semaphore } from "../../semaphore.ts";
import { requireUser } from "../sessions/require-user.ts";
import type { UserStore } from "../users/store.ts";
import { streamExport } from "./export.ts";
import type { TransferStore } from "./store.ts";

const NDJSON = ["application/x-ndjson", "application/ndjson", "application/jsonl"] as const;

/** Seconds for which a client may pause while it sends an import. */
const IDLE_TIMEOUT_S = 30;

/** An export needs no token and may be read slowly, so one client must not be able to use all slots. */
const MAX_EXPORTS = 8;
const MAX_EXPORTS_PER_CLIENT = 4;

export function transferRoutes(env: Env, users: UserStore, transfer: TransferStore) {
  const addressOf = clientAddress(env);
  /** The clients of the running exports. */
  const exporting: string[] = [];
  /** A running export holds a snapshot of the database and a connection, so none waits for a slot. */
  const startExport = (client: string): (() => void) => {
    if (exporting.filter((other) => other === client).length === MAX_EXPORTS_PER_CLIENT) {
      throw new Problem(429, "Your other exports are still running: try again after them.");
    }
    if (exporting.length === MAX_EXPORTS) {
      throw new Problem(503, "Too many exports are running: try again.");
    }
    exporting.push(client);
    return () => exporting.splice(exporting.indexOf(client), 1);
  };
  /** The users whose import runs or waits: one each, so that one user cannot use all slots. */
  const importing = new Set<number>();
  const imports = new Semaphore("Too many imports are waiting: try again.", {
    concurrency: 2,
    queue: 8,
  });

  return new Hono<HttpEnv>()
    .get("/api/articles/export", async (c) => {
      const headers = {
        "content-type": NDJSON[0],
        "content-disposition": 'attachment; filename="articles.ndjson"',
      };
      if (c.req.method === "HEAD") return new Response(null, { headers });
      const onEnd = startExport(addressOf(c));
      const timeoutMs = env.MAX_TRANSFER_SECONDS * 1000;
      const body = await streamExport(transfer.exportArticles(), timeoutMs, onEnd);
      return new Response(body, { headers });
    })
    .post("/api/articles/import", requireUser(users), async (c) => {
      checkType(c);
      const { server } = c.env;
      // Without a Content-Length, `readImport` counts.
      if (Number(c.req.header("content-length")) > env.MAX_IMPORT_BYTES) throw tooLong(env);
      const userId = c.get("userId");
      if (importing.has(userId)) {
        throw new Problem(429, "Your other import is still running: try again after it.");
      }
      importing.add(userId);
      let release: (() => void) | undefined;
      try {
        // Disables the idle timeout while the import waits for a slot, because nothing is sent or read then.
        server.timeout(c.req.raw, 0);
        release = await imports.acquire(c.req.raw.signal);
        server.timeout(c.req.raw, IDLE_TIMEOUT_S);
        const chunks = readImport(c.req.raw, server, env);
        const { imported, badLines, bad } = await transfer.importArticles(userId, chunks);
        if (badLines === 0) return c.json({ imported });
        throw new Problem(422, `Nothing was imported. Lines that are not valid: ${badLines}.`, {
          errors: bad,
          members: { badLines },
        });
      } finally {
        importing.delete(userId);
        release?.();
        // A timeout belongs to the connection, not to the request: without this, the connection would never be closed.
        server.timeout(c.req.raw, env.KEEP_ALIVE_TIMEOUT_S);
      }
    });
}

function tooLong({ MAX_IMPORT_BYTES }: Env): Problem {
  return new Problem(413, `The import is longer than ${MAX_IMPORT_BYTES} bytes.`);
}

/** @throws {Problem} 415 */
function checkType(c: Context): void {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (NDJSON.some((known) => known === type)) return;
  throw new Problem(415, `Send lines of JSON as ${NDJSON[0]}.`, {
    headers: { accept: NDJSON.join(", ") },
  });
}

/**
 * The chunks of the body.
 * @throws {Problem} 413 over MAX_IMPORT_BYTES, 408 after MAX_TRANSFER_SECONDS, 400 if it ends early.
 */
async function* readImport(
  request: Request,
  server: Server<unknown>,
  env: Env,
): AsyncGenerator<Uint8Array, void, void> {
  const deadline = performance.now() + env.MAX_TRANSFER_SECONDS * 1000;
  let size = 0;
  try {
    for await (const chunk of readBody(request)) {
      // The runtime does not count a small chunk as activity.
      server.timeout(request, IDLE_TIMEOUT_S);
      size += chunk.byteLength;
      if (size > env.MAX_IMPORT_BYTES) throw tooLong(env);
      if (performance.now() > deadline) throw new Problem(408, "The import took too long.");
      yield chunk;
    }
  } catch (cause) {
    throw request.signal.aborted ? new Problem(400, "The import ended early.", { cause }) : cause;
  }
  // Disables the idle timeout while the rows are committed.
  server.timeout(request, 0);
}
