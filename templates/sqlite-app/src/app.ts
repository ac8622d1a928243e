// The service without its socket: every route, and what holds for all requests around their handlers.
import type { BunRequest, Server } from "bun";
import type { Lifecycle } from "#lib/lifecycle";
import { log, requestLog } from "#lib/log";
import { methods, notFound, Problem, problems } from "#lib/problem";
import { Passwords } from "./auth/passwords.ts";
import { articles } from "./routes/articles.ts";
import { exporting } from "./routes/export.ts";
import type { Handler, Routes, Services } from "./routes/group.ts";
import { importing } from "./routes/import.ts";
import { sessions } from "./routes/sessions.ts";
import { users } from "./routes/users.ts";
import { outage } from "./store/outage.ts";

/** A handler as the server takes it. */
type Served = (
  request: BunRequest,
  server: Server<undefined>,
) => ReturnType<Handler> | Promise<Response | undefined> | undefined;

export function createRoutes(
  services: Services,
  { healthz, readyz }: Lifecycle,
): Readonly<Record<string, Served>> {
  const passwords = new Passwords(services.env);
  const routes: Routes = {
    ...users(services, passwords),
    ...sessions(services, passwords),
    ...articles(services),
    ...exporting(services),
    ...importing(services),
    "/healthz": { GET: healthz },
    "/readyz": { GET: readyz },
  };
  const logged = requestLog<undefined>();
  const guarded = problems<undefined>({
    expose: services.env.NODE_ENV !== "production",
    report: (error) => log.error("{error}", { error }),
  });
  const around = (handler: Served) => logged(guarded(available(handler)));
  return Object.fromEntries([
    ...Object.entries(routes).map(([path, table]) => [path, around(methods(table))]),
    ["/*", around(notFound)],
  ]);
}

/** A database that can't answer now is no bug of the program: the client is told to try again. */
function available(handler: Served): Served {
  const answer = (error: unknown): never => {
    const reason = outage(error);
    if (reason === undefined) throw error;
    log.error("The database can't answer: {reason}", { reason, error });
    throw new Problem(503, "The database can't answer now.", { headers: { "retry-after": "2" } });
  };
  return (request, server) => {
    try {
      const response = handler(request, server);
      return response instanceof Promise ? response.catch(answer) : response;
    } catch (error) {
      return answer(error);
    }
  };
}
