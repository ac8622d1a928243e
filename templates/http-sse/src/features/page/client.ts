// The typed client of the API: paths, inputs and outputs come from the routes of the service.
import { hc } from "hono/client";
import type { App } from "../../app.ts";

export const { api } = hc<App>(location.origin);

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
