// POST /api/articles/import: articles from lines of JSON, all of them or none, with a report of the bad lines.
import { STATUS_CODES } from "node:http";
import type { BunRequest } from "bun";
import { Problem } from "#lib/problem";
import { authenticate } from "../auth/tokens.ts";
import { Gate } from "../gate.ts";
import type { Handler, Routes, Services } from "./group.ts";

const TYPES = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
const LIMITS = { concurrency: 2, queue: 8 };
/** Seconds that a client may pause while it sends. */
const PAUSE = 30;

export function importing({ env, store }: Services): Routes {
  const gate = new Gate("imports", LIMITS);

  const handle: Handler = async (request, server) => {
    const author = await authenticate(request, store);
    checkType(request);
    server.timeout(request, 0); // It may have to wait for its turn,
    return gate.run(async () => {
      server.timeout(request, PAUSE);
      const report = await store.importArticles(author, readBody());
      if (report.badLines === 0) return Response.json({ imported: report.imported });
      const detail = `${report.badLines} lines are not valid articles. Nothing was imported.`;
      return problem(422, detail, { errors: report.bad, badLines: report.badLines });
    });

    async function* readBody(): AsyncGenerator<Uint8Array, void, void> {
      const deadline = performance.now() + env.MAX_TRANSFER_SECONDS * 1000;
      let size = 0;
      try {
        for await (const chunk of request.body ?? []) {
          size += chunk.byteLength;
          if (size > env.MAX_IMPORT_BYTES) {
            throw new Problem(413, `The import is longer than ${env.MAX_IMPORT_BYTES} bytes.`);
          }
          if (performance.now() > deadline) throw new Problem(408, "The import took too long.");
          yield chunk;
        }
      } catch (cause) {
        throw request.signal.aborted ? new Problem(400, "The import broke off.", { cause }) : cause;
      }
      server.timeout(request, 0); // and again for us, once it has sent everything.
    }
  };

  return { "/api/articles/import": { POST: handle } };
}

function checkType(request: BunRequest): void {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (TYPES.includes(type)) return;
  throw new Problem(415, `Send lines of JSON as ${TYPES[0]}.`, {
    headers: { accept: TYPES.join(", ") },
  });
}

/** A problem (RFC 9457) with members of its own: `errors` holds `{line, errors}` here. */
function problem(status: number, detail: string, members: object): Response {
  const body = { type: "about:blank", title: STATUS_CODES[status], status, detail, ...members };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json" },
  });
}
