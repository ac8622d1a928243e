// A router for Hono that stays fast if a static path and a parameter can match the same URL.
import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * RegExpRouter, Hono's fastest router, refuses paths that overlap, such as `/api/things/export` and `/api/things/:id`.
 * Hono would then use the slower TrieRouter for all requests. Here, TrieRouter, which knows all routes and middleware, only
 * matches a URL that is equal to a static path. All others go to RegExpRouter, or to a second TrieRouter if two paths with
 * parameters overlap, such as `/api/:type/list` and `/api/things/:id`.
 */
export class StaticPathRouter<T> implements Router<T> {
  readonly name = "StaticPathRouter";
  readonly #staticPaths = new Set<string>();
  readonly #complete = new TrieRouter<T>();
  readonly #dynamic = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });

  add(method: string, path: string, handler: T): void {
    this.#complete.add(method, path, handler);
    if (/[:*]/.test(path)) this.#dynamic.add(method, path, handler);
    else this.#staticPaths.add(path);
  }

  match(method: string, path: string): Result<T> {
    return (this.#staticPaths.has(path) ? this.#complete : this.#dynamic).match(method, path);
  }
}
