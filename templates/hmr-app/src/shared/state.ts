// What the server and the page both know: the paths of the API, and what it answers.

export const paths = {
  state: "/api/state",
  increment: "/api/increment",
  live: "/api/live",
} as const;

/** The answer of every path of the API, and each message of the live WebSocket. */
export interface State {
  /** Changes with the server's code: each edit in development, each release in production. */
  readonly version: string;
  /** What POST /api/increment adds to. */
  readonly count: number;
  /** Beats of a timer that runs on the server, one a second. */
  readonly beats: number;
  /** Pages that are connected now. */
  readonly clients: number;
  /** When the process started, as an ISO 8601 date. */
  readonly startedAt: string;
}
