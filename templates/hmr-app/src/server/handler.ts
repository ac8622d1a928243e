// What handles a request, and what a WebSocket carries.
import type { BunRequest, Server } from "bun";

/** A client of /api/live or, in development, a page that waits for edits. */
export type Connection =
  | { readonly kind: "live" }
  | {
      readonly kind: "edits";
      /** Where the edits come from. */
      readonly bundler: WebSocket;
      /** The state of the sources that the page was made of. */
      readonly served: string;
    };

type Answer = Response | undefined;

/** `undefined` answers an upgrade to a WebSocket. */
export type Handler = (request: BunRequest, server: Server<Connection>) => Answer | Promise<Answer>;
