// A tab of Chromium. Without Chromium the tests that need it are skipped, except in CI, where that is an error.
import { test } from "bun:test";
import { type Service, until } from "./service.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const chromium = process.env.BUN_CHROME_PATH ?? names.map((name) => Bun.which(name)).find(Boolean);

if (!chromium && process.env.CI === "true")
  throw new Error("Install Chromium: the tests of the page must run in CI.");
if (!chromium)
  console.warn("Chromium is not installed: the tests that need a browser are skipped.");

export const browserTest = test.skipIf(!chromium);

export class Tab implements AsyncDisposable {
  /** Warnings and errors in the console: of scripts, of the network, and violations of the policy. */
  readonly console: string[] = [];

  private constructor(readonly view: Bun.WebView) {}

  static async open(url: string): Promise<Tab> {
    const backend = {
      type: "chrome" as const,
      url: false as const,
      // A container lacks the privileges for Chromium's sandbox, and has too little shared memory.
      argv: ["--no-sandbox", "--disable-dev-shm-usage"],
      ...(chromium ? { path: chromium } : {}),
    };
    const view = new Bun.WebView({ backend, width: 1100, height: 860 });
    const tab = new Tab(view);
    await view.navigate("about:blank");
    await tab.#followConsole();
    await view.navigate(url);
    return tab;
  }

  /** Opens the development page and waits until it receives edits: its console uses the same connection. */
  static async openDev(dev: Service): Promise<Tab> {
    const tab = await Tab.open(dev.url);
    await tab.connected(dev);
    return tab;
  }

  /**
   * Waits until the page receives edits. The page can print to the terminal before it has subscribed to edits, which it does
   * when the bundler's first message arrives. So it prints two lines, the second one once the terminal has the first: by
   * then, that message has arrived.
   */
  async connected(dev: Service): Promise<void> {
    for (const line of ["connected", "subscribed"]) {
      const mark = `${line} ${crypto.randomUUID()}`;
      await until(`the page is ${line}`, async () => {
        if (dev.printed().includes(mark)) return true;
        await this.evaluate(`console.log("${mark}")`);
        return false;
      });
    }
  }

  /** https://chromedevtools.github.io/devtools-protocol/tot/Log/, /Runtime/ */
  async #followConsole(): Promise<void> {
    const follow = (event: string) =>
      this.view.addEventListener(event, (it) => {
        const { data } = it as MessageEvent;
        const { level, type } = data.entry ?? data;
        if (/^(error|warning|assert)$/.test(level ?? type ?? "error")) {
          this.console.push(JSON.stringify(data));
        }
      });
    for (const event of ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"]) {
      follow(event);
    }
    await this.view.cdp("Log.enable");
    await this.view.cdp("Runtime.enable");
  }

  /** Returns the value of a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown> {
    return this.view.evaluate(expression);
  }

  /** Waits until an expression is true in the page. */
  async waitFor(expression: string): Promise<void> {
    await until(
      `${expression} in the page`,
      async () => (await this.evaluate(expression)) === true,
    );
  }

  /** Waits until the page shows a text. */
  shows(text: string): Promise<void> {
    return this.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  async click(selector: string): Promise<void> {
    await this.waitFor(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.view.click(selector);
  }

  /** Returns the text of Bun's overlay. It is in a closed shadow root, which only the debugger can read. */
  async overlayText(): Promise<string> {
    const options = { depth: -1, pierce: true };
    const { root } = await this.view.cdp<{ root: Node }>("DOM.getDocument", options);
    return descendants(root)
      .filter(({ localName }) => localName === "bun-hmr")
      .flatMap(descendants)
      .map(({ nodeValue }) => nodeValue)
      .join("");
  }

  async overlayShows(text: string): Promise<void> {
    await until(`the overlay shows ${text}`, async () => (await this.overlayText()).includes(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view.close();
  }
}

/** https://chromedevtools.github.io/devtools-protocol/tot/DOM/#type-Node */
interface Node {
  readonly localName: string;
  readonly nodeValue: string;
  readonly children?: readonly Node[];
  readonly shadowRoots?: readonly Node[];
  readonly contentDocument?: Node;
}

function descendants(node: Node): readonly Node[] {
  const { children = [], shadowRoots = [], contentDocument } = node;
  const nested = [...shadowRoots, ...children, ...(contentDocument ? [contentDocument] : [])];
  return [node, ...nested.flatMap(descendants)];
}

/** A JavaScript expression that is true while Bun's overlay is visible. */
export const overlay =
  '[...document.querySelectorAll("bun-hmr")].some((it) => getComputedStyle(it).display !== "none")';

/** A JavaScript statement after which `window.isAsync` says whether the script of the next edit may run before earlier ones. */
export const followEdits = `void new MutationObserver((records) => {
  for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
    if (node.className === "bun-hmr-script") window.isAsync = node.async;
  }
}).observe(document.head, { childList: true })`;

/** Returns a JavaScript expression for the number that a counter shows. */
export const counter = (id: string) => `document.querySelector("#${id} output").textContent`;
