// The service: opens every route group, and puts what holds for all requests around their handlers.
import { log as appLog, requestLog } from "#lib/log";
import { methods, notFound, Problem, problems } from "#lib/problem";
import { cors } from "./edge/cors.ts";
import { limit } from "./edge/limit.ts";
import type { Group, Handler, Routes, Services } from "./group.ts";
import { LogUnavailable } from "./messages/log.ts";
import * as openGroups from "./routes/index.ts";

export interface App {
  readonly routes: Readonly<Record<string, Handler>>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export async function openApp(services: Omit<Services, "routes">): Promise<App> {
  const groups: Group[] = [];
  const routes = (): Routes => Object.assign({}, ...groups.map((group) => group.routes));
  for (const open of Object.values(openGroups)) {
    groups.push(await open({ ...services, routes }));
  }
  const logged = requestLog<undefined>();
  const guarded = problems<undefined>({
    expose: services.env.NODE_ENV !== "production",
    report: (error) => appLog.error("{error}", { error }),
  });
  const shared = cors(services.env.CORS_ORIGINS);
  const limited = limit(services.env);
  const around = (path: string, handler: Handler) => {
    const safe = guarded(retryLater(handler));
    return logged(shared(path.startsWith("/api/") ? limited(safe) : safe));
  };
  const handlers = Object.entries(routes()).map(([path, endpoints]) => {
    const table = Object.entries(endpoints).map(([method, { handle }]) => [method, handle]);
    return [path, around(path, methods<undefined>(Object.fromEntries(table)))];
  });
  return {
    routes: {
      ...Object.fromEntries(handlers),
      ...Object.fromEntries(["/api/*", "/*"].map((path) => [path, around(path, notFound)])),
    },
    async drain() {
      await Promise.all(groups.map((group) => group.drain?.()));
    },
    async close() {
      await Promise.all(groups.map((group) => group.close?.()));
      await services.uploads.close();
      await services.log.close();
    },
  };
}

/** A log that is down for a moment is no bug: the client is told when to try again. */
function retryLater(handler: Handler): Handler {
  const answer = (error: unknown): never => {
    if (!(error instanceof LogUnavailable)) throw error;
    appLog.warn("{error}", { error });
    throw new Problem(503, error.message, { cause: error });
  };
  return (request, server) => {
    const response = handler(request, server);
    return response instanceof Promise ? response.catch(answer) : response;
  };
}
