// What a route group is: the routes of one feature, described, and what must end with the service.
import type { BunRequest, Server } from "bun";
import type { z } from "zod";
import type { Lifecycle } from "#lib/lifecycle";
import type { Env } from "./env.ts";
import type { MessageLog } from "./messages/log.ts";
import type { UploadStore } from "./uploads/store.ts";

type Answer = Response | undefined;
export type Handler = (request: BunRequest, server: Server<undefined>) => Answer | Promise<Answer>;

/** Media type → schema of the body; "binary" for bytes, "text" for what is no JSON. */
export type Content = Readonly<Record<string, z.ZodType | "binary" | "text">>;

/** One method of one path, as /openapi.json shows it. */
export interface Operation {
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: Content;
  /** Status → what it means and what comes with it. The problems that any route may answer are implied. */
  readonly responses: Readonly<Record<number, { description: string; content?: Content }>>;
}

export interface Endpoint {
  readonly handle: Handler;
  /** Left out for what is not part of the API, e.g. the page. */
  readonly operation?: Operation;
}

export type Routes = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;

export interface Group {
  /** Path → method → endpoint. */
  readonly routes: Routes;
  /** Ends what would stay open for ever. */
  readonly drain?: () => void | Promise<void>;
  /** Frees what the group holds, after the last request. */
  readonly close?: () => void | Promise<void>;
}

/** What a group may use. */
export interface Services {
  readonly env: Env;
  readonly log: MessageLog;
  readonly uploads: UploadStore;
  readonly lifecycle: Lifecycle;
  /** The folder of main.ts, or of the bundle: what is loaded by its path is found from here. */
  readonly root: string;
  /** The routes of all groups; complete once every group is open. */
  readonly routes: () => Routes;
}

export type OpenGroup = (services: Services) => Group | Promise<Group>;
