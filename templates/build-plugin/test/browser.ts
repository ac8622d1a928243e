// A tab of Chromium. Without Chromium the tests that need it are skipped, except in CI, where that is an error.
import { test } from "bun:test";
import { until } from "./until.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const chromium = process.env.BUN_CHROME_PATH ?? names.map((name) => Bun.which(name)).find(Boolean);

if (!chromium && process.env.CI === "true")
  throw new Error("Install Chromium: the tests of the dev servers must run in CI.");
if (!chromium)
  console.warn("Chromium is not installed: the tests that need a browser are skipped.");

export const browserTest = test.skipIf(!chromium);

export class Tab implements AsyncDisposable {
  private constructor(readonly view: Bun.WebView) {}

  static async open(url: URL): Promise<Tab> {
    const backend = {
      type: "chrome" as const,
      url: false as const,
      // A container lacks the privileges for Chromium's sandbox, and has too little shared memory.
      argv: ["--no-sandbox", "--disable-dev-shm-usage"],
      ...(chromium ? { path: chromium } : {}),
    };
    const tab = new Tab(new Bun.WebView({ backend, width: 1100, height: 860 }));
    await tab.view.navigate(url.href);
    return tab;
  }

  evaluate(expression: string): Promise<unknown> {
    return this.view.evaluate(expression);
  }

  /** Waits until an expression has this value in the page. */
  waitFor(expression: string, value: unknown): Promise<void> {
    return until(expression, () => this.evaluate(expression), value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.view[Symbol.dispose]?.();
  }
}
