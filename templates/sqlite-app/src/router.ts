// A router for Hono that stays fast if a static path and a parameter can match the same URL.
import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * RegExpRouter, Hono's fastest router, refuses paths that overlap, such as `/api/things/export` and `/api/things/:id`.
 * Hono would then use the slower TrieRouter for all requests. Here, a TrieRouter with all routes matches only the URLs that
 * equal a static path. RegExpRouter gets the other routes and the middleware, and matches every other URL. If two of its
 * routes overlap, such as `/api/:type/list` and `/api/things/:id`, a second TrieRouter replaces it.
 */
export class StaticPathRouter<T> implements Router<T> {
  readonly name = "StaticPathRouter";
  readonly #staticPaths = new Set<string>();
  readonly #allRoutes = new TrieRouter<T>();
  readonly #dynamic = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });

  add(method: string, path: string, handler: T): void {
    this.#allRoutes.add(method, path, handler);
    if (/[:*]/.test(path)) this.#dynamic.add(method, path, handler);
    else this.#staticPaths.add(path);
  }

  match(method: string, path: string): Result<T> {
    return (this.#staticPaths.has(path) ? this.#allRoutes : this.#dynamic).match(method, path);
  }
}
