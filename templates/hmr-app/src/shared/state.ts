// The state that the server sends to the page.

/** The response of the counter routes, and each message of the live WebSocket. */
export interface State {
  /** In production the version in package.json; in development it changes with each evaluation of the server's code. */
  readonly version: string;
  /** Number of `POST /api/increment` requests. */
  readonly count: number;
  // #region live
  /** Ticks of a timer on the server, one per second. */
  readonly beats: number;
  /** Clients of the live WebSocket. */
  readonly clients: number;
  // #endregion
}
