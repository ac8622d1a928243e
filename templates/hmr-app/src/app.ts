// Every path of the service, and the middleware around it; development and production share both.
import { log, requestLog } from "#lib/log";
import { methods, notFound, problems } from "#lib/problem";
import { api } from "./server/api.ts";
import type { Connection, Handler } from "./server/handler.ts";

/** Where the page comes from: the build in production, Bun's bundler in development. */
export interface Pages {
  /** The page; it finds out by its address what to show. */
  readonly index: Handler;
  /** What the page loads from a path, if there is something. */
  readonly asset: (path: string) => Handler | undefined;
}

export interface AppOptions {
  readonly pages: Pages;
  readonly healthz: () => Response;
  readonly readyz: () => Promise<Response>;
  /** Further routes, whose requests are not worth a line in the log. */
  readonly quiet?: Readonly<Record<string, Handler>>;
  /** Whether a client may read what went wrong inside. */
  readonly expose: boolean;
  /** Throws for a request that nothing here may answer. */
  readonly admit?: (request: Request) => void;
}

export function routes(options: AppOptions): Record<string, Handler> {
  const { pages, healthz, readyz, quiet = {}, expose, admit } = options;
  const table: Record<string, Handler> = {
    ...api,
    "/healthz": methods<Connection>({ GET: healthz }),
    "/readyz": methods<Connection>({ GET: readyz }),
    "/*": (request, server) => {
      const { pathname } = new URL(request.url);
      const page = isVisit(request, pathname) ? pages.index : notFound;
      return (pages.asset(pathname) ?? page)(request, server);
    },
  };
  const logged = requestLog<Connection>();
  const guarded = problems<Connection>({
    expose,
    report: (error) => log.error("{error}", { error }),
  });
  const admitted = (handler: Handler): Handler =>
    guarded((request, server) => {
      admit?.(request);
      return handler(request, server);
    });
  return {
    ...mapped(table, (handler) => logged(admitted(handler))),
    ...mapped(quiet, admitted),
  };
}

function mapped(
  table: Readonly<Record<string, Handler>>,
  around: (handler: Handler) => Handler,
): Record<string, Handler> {
  return Object.fromEntries(
    Object.entries(table).map(([path, handler]) => [path, around(handler)]),
  );
}

/** Somebody goes to an address, which the page may know. A script that asks for a file gets a 404. */
function isVisit(request: Request, path: string): boolean {
  if (path === "/") return true;
  const name = path.slice(path.lastIndexOf("/"));
  const wantsHtml = request.headers.get("accept")?.includes("text/html") ?? false;
  return wantsHtml && !path.startsWith("/api/") && !name.includes(".");
}
