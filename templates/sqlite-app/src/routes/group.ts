// What a group of routes is, and what every group may use.
import type { BunRequest, Server } from "bun";
import type { Env } from "../env.ts";
import type { Store } from "../store/store.ts";

export type Handler = (
  request: BunRequest,
  server: Server<undefined>,
) => Response | Promise<Response>;

/** Path → method → handler. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

export interface Services {
  readonly env: Env;
  readonly store: Store;
}
