// The typed client of the API, and its event streams.
import { hc } from "hono/client";
import type { App } from "../../app.ts";
// #region auth
import { storedToken } from "./token.ts";

// #endregion

/** Headers of every request. */
export function requestHeaders(): Record<string, string> {
  // #region auth
  const token = storedToken();
  if (token !== "") return { authorization: `Bearer ${token}` };
  // #endregion
  return {};
}

/** Paths, inputs and outputs come from the routes of the service. */
export const { api } = hc<App>(location.origin, { headers: requestHeaders });

/** The URL with its access in the query, for an `EventSource` or a link, which cannot have headers. */
export function withAccess(url: URL): string {
  // #region auth
  const token = storedToken();
  if (token !== "") url.searchParams.set("access_token", token);
  // #endregion
  return url.href;
}

/** The events of topics, after `lastEventId` if it is given. The browser reconnects and resumes. */
export function openEvents(topics: readonly string[], lastEventId?: string): EventSource {
  const url = api.events.$url();
  for (const topic of topics) url.searchParams.append("topic", topic);
  if (lastEventId !== undefined) url.searchParams.set("lastEventId", lastEventId);
  return new EventSource(withAccess(url));
}

/** The part of a response that these functions use; that of `hc` has a typed body. */
interface Reply<Body> {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<Body>;
}

/** Waits for a response. @throws {Error} with a message for the user, if it is an error or does not arrive. */
export async function succeed<R extends Reply<unknown>>(request: Promise<R>): Promise<R> {
  const response = await request.catch(() => {
    throw new Error("The server cannot be reached. Try again.");
  });
  if (!response.ok) throw new Error(await problemText(response));
  return response;
}

/** The body of a response. @throws {Error} with a message for the user. */
export async function readBody<Body>(request: Promise<Reply<Body>>): Promise<Body> {
  const response = await succeed(request);
  return response.json().catch(() => {
    // For example, a login page of a proxy.
    throw new Error("The response is not one of this service. Try again.");
  });
}

/** The problem (RFC 9457) in a response that is not ok, as a text for the user. */
export async function problemText(
  response: Pick<Reply<unknown>, "status" | "json">,
): Promise<string> {
  const fallback = `The server responded with status ${response.status}.`;
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return [problem.detail ?? fallback, problem.errors?.[0]?.detail].filter(Boolean).join(" ");
}

interface Problem {
  readonly detail: string;
  readonly errors: readonly { readonly detail: string }[];
}
