// A tab of Chromium, which shows a page of a created project.
import { test } from "bun:test";
import { tmpdir } from "node:os";
import { bun, COMMAND_TIMEOUT } from "../contract/command.ts";
import { until } from "../contract/service.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];
const path = process.env.BUN_CHROME_PATH ?? names.map((name) => Bun.which(name)).find(Boolean);
/** Without the registry, no package can be added. */
const isOnline = (await bun(tmpdir(), "info", "react", "version")).exitCode === 0;

/** A test of a page. @param needsRegistry whether it adds packages, for which it needs the network */
export function browserTest(name: string, run: () => Promise<void>, needsRegistry = false): void {
  const lacking = [
    ...(path ? [] : ["no Chromium"]),
    ...(needsRegistry && !isOnline ? ["no connection to the npm registry"] : []),
  ];
  const suffix = lacking.length > 0 ? ` (${lacking.join(", ")})` : "";
  test.skipIf(lacking.length > 0)(name + suffix, run, COMMAND_TIMEOUT);
}

export class Tab implements AsyncDisposable {
  /** Warnings and errors of the page. */
  readonly console: string[] = [];

  private constructor(private readonly view: Bun.WebView) {}

  static async open(url: URL): Promise<Tab> {
    const argv = ["--no-sandbox", "--disable-dev-shm-usage"];
    const backend = { type: "chrome" as const, url: false as const, argv, ...(path && { path }) };
    const tab = new Tab(new Bun.WebView({ backend, width: 1100, height: 860 }));
    await tab.view.navigate("about:blank");
    for (const event of ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"]) {
      tab.view.addEventListener(event, (it) => tab.#record((it as MessageEvent).data));
    }
    await tab.view.cdp("Log.enable");
    await tab.view.cdp("Runtime.enable");
    await tab.view.navigate(url.href);
    return tab;
  }

  #record(data: { readonly type?: string; readonly entry?: { readonly level: string } }): void {
    const level = data.entry?.level ?? data.type ?? "error";
    if (["error", "warning", "assert"].includes(level)) this.console.push(JSON.stringify(data));
  }

  /** The value of a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown> {
    return this.view.evaluate(expression);
  }

  async waitFor(expression: string): Promise<void> {
    try {
      // The expression fails while the page is replaced.
      const holds = () => this.evaluate(expression).catch(() => false);
      await until(`${expression} holds in the page`, async () => (await holds()) === true);
    } catch (cause) {
      const text = await this.evaluate("document.body.innerText").catch(String);
      const details = [`The page shows:\n${text}`, ...this.console].join("\n");
      throw new Error(`${(cause as Error).message}. ${details}`, { cause });
    }
  }

  shows(text: string): Promise<void> {
    return this.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  async click(selector: string): Promise<void> {
    await this.waitFor(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.view.click(selector);
  }

  /** Types into the element that has the focus. */
  async type(text: string): Promise<void> {
    await this.view.type(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view.close();
  }
}
