// A typed client of the server's HTTP API.
import { hc } from "hono/client";
import type { App } from "../app.ts";

/** Milliseconds until a request fails because the server does not respond. */
const TIMEOUT_MS = 10_000;

export const { api } = hc<App>(location.origin, {
  fetch: (url: RequestInfo | URL, init?: RequestInit) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
});

/** The JSON of a response, or the reason why the request failed, to be shown to the user. */
export interface Result<T> {
  readonly value?: T;
  readonly failure?: string;
}

/** The reason of a failure is the text of the server's `Problem`, or the status if the response is not from the app. */
export async function request<T>(
  send: () => Promise<Pick<Response, "ok" | "status"> & { json(): Promise<T> }>,
): Promise<Result<T>> {
  try {
    const response = await send();
    if (response.ok) return { value: await response.json() };
    const problem: unknown = await response.json().catch(() => undefined);
    const { detail } = (problem ?? {}) as { readonly detail?: string };
    return { failure: detail || `The server responded with ${response.status}.` };
  } catch {
    return { failure: "The server did not respond: try again." };
  }
}
