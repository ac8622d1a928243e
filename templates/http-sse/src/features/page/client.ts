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

/** The messages of a topic, after `lastEventId` if it is given. The browser reconnects and resumes. */
export function openEvents(query: { topic: string; lastEventId?: string }): EventSource {
  return new EventSource(withAccess(api.events.$url({ query })));
}

/** The problem (RFC 9457) in a response that is not ok, as a text for the user. */
export async function problemText(response: {
  readonly status: number;
  json(): Promise<unknown>;
}): Promise<string> {
  const fallback = `The server responded with status ${response.status}.`;
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return [problem.detail ?? fallback, problem.errors?.[0]?.detail].filter(Boolean).join(" ");
}

interface Problem {
  readonly detail: string;
  readonly errors: readonly { readonly detail: string }[];
}
