// A typed client of the server's HTTP API.
import { hc } from "hono/client";
import type { App } from "../app.ts";

/** Milliseconds until a request fails because the server does not respond. */
const TIMEOUT_MS = 10_000;

export const { api } = hc<App>(location.origin, {
  fetch: (url: RequestInfo | URL, init?: RequestInit) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
});

/** The parts of a problem+json response that are shown to the user. */
interface Problem {
  readonly detail?: string;
  /** In a 422, one per invalid field. */
  readonly errors?: readonly { readonly detail: string }[];
}

/** The JSON of a response, or the reason why the request failed, to be shown to the user. */
export interface Result<T> {
  readonly value?: T;
  readonly failure?: string;
}

/**
 * The reason of a failure is the message of the first invalid field, or else the text of the server's `Problem`. It is the
 * status if the response is not from the app.
 */
export async function request<T>(
  send: () => Promise<Pick<Response, "ok" | "status"> & { json(): Promise<T> }>,
): Promise<Result<T>> {
  try {
    const response = await send();
    if (response.ok) return { value: await response.json() };
    const problem: unknown = await response.json().catch(() => undefined);
    const { errors, detail } = (problem ?? {}) as Problem;
    return {
      failure: errors?.[0]?.detail || detail || `The server responded with ${response.status}.`,
    };
  } catch {
    return { failure: "The server did not respond: try again." };
  }
}
