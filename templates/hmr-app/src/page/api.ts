// A typed client of the server's HTTP API.
import { hc } from "hono/client";
import type { App } from "../app.ts";

export const { api } = hc<App>(location.origin);

/** Why a request failed that got no response. */
export const NO_RESPONSE = "The server did not respond: try again.";

/** Returns why a request failed: the text of the server's `Problem`, or the status if the response is not from the app. */
export async function failureOf(response: Pick<Response, "status" | "json">): Promise<string> {
  const problem = await response.json().catch(() => undefined);
  return problem?.detail ?? `The server responded with ${response.status}.`;
}
