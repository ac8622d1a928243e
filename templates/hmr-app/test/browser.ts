// A tab of Chromium. Where there is no Chromium, the tests that need it are skipped, but not in CI.
import { test } from "bun:test";
import { type Service, until } from "./service.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const chromium = process.env.BUN_CHROME_PATH ?? names.map((name) => Bun.which(name)).find(Boolean);

if (!chromium && process.env.CI === "true") throw new Error("Install Chromium: CI tests the page.");
if (!chromium) console.warn("There is no Chromium: the tests that need a browser are skipped.");

export const browserTest = test.skipIf(!chromium);

export class Tab implements AsyncDisposable {
  private constructor(readonly view: Bun.WebView) {}

  static async open(url: string): Promise<Tab> {
    const backend = {
      type: "chrome" as const,
      url: false as const,
      // Containers have no room for Chromium's sandbox and its shared memory.
      argv: ["--no-sandbox", "--disable-dev-shm-usage"],
      ...(chromium ? { path: chromium } : {}),
    };
    const view = new Bun.WebView({ backend, width: 1100, height: 860 });
    await view.navigate(url);
    return new Tab(view);
  }

  /** The page of the development server, once it hears of edits: its console comes the same way. */
  static async follow(dev: Service): Promise<Tab> {
    const tab = await Tab.open(dev.url);
    const mark = `connected ${crypto.randomUUID()}`;
    await tab.evaluate(`console.log(${JSON.stringify(mark)})`);
    await until("the page hears of edits", () => dev.printed().includes(mark));
    return tab;
  }

  /** The value of a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown> {
    return this.view.evaluate(expression);
  }

  /** Waits until an expression is true in the page. */
  async sees(expression: string): Promise<void> {
    await until(
      `${expression} in the page`,
      async () => (await this.evaluate(expression)) === true,
    );
  }

  /** Waits until the page shows a text. */
  shows(text: string): Promise<void> {
    return this.sees(`document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  async click(selector: string): Promise<void> {
    await this.sees(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.view.click(selector);
  }

  /** What Bun's overlay says. It is in a closed part of the page, into which only the debugger sees. */
  async overlayText(): Promise<string> {
    const whole = { depth: -1, pierce: true };
    const { root } = await this.view.cdp<{ root: Node }>("DOM.getDocument", whole);
    return descendants(root)
      .filter(({ localName }) => localName === "bun-hmr")
      .flatMap(descendants)
      .map(({ nodeValue }) => nodeValue)
      .join("");
  }

  async overlaySays(text: string): Promise<void> {
    await until(`the overlay says ${text}`, async () => (await this.overlayText()).includes(text));
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
  const inside = [...shadowRoots, ...children, ...(contentDocument ? [contentDocument] : [])];
  return [node, ...inside.flatMap(descendants)];
}

/** Whether Bun's overlay is on the page, as an expression. */
export const overlay =
  '[...document.querySelectorAll("bun-hmr")].some((it) => getComputedStyle(it).display !== "none")';

/** The number in a counter, as an expression. */
export const counter = (id: string) => `document.querySelector("#${id} output").textContent`;
