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

/** The message is for the user. `status` is that of the response, if one arrived. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** Returns the body of the response, which is undefined for a 204. @throws {RequestError} */
export async function send<Body>(
  request: Promise<{ readonly ok: boolean; readonly status: number; json(): Promise<Body> }>,
): Promise<Body> {
  const response = await request.catch(() => {
    throw new RequestError("The server cannot be reached. Try again.");
  });
  const { ok, status } = response;
  const body = await response.json().catch(() => undefined);
  // A proxy may respond with a page of its own instead of JSON.
  if (ok && (body !== undefined || status === 204)) return body as Body;
  const { detail = `The server responded with status ${status}.`, errors = [] } = (body ??
    {}) as Partial<Problem>;
  throw new RequestError(
    [detail, ...errors.slice(0, 1).map((error) => error.detail)].join(" "),
    status,
  );
}

/** RFC 9457. */
interface Problem {
  readonly detail: string;
  readonly errors: readonly { readonly detail: string }[];
}
