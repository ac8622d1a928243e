// A tab of a browser with the page.
import { until } from "./server.ts";

/** The names under which Bun looks for a browser on Linux; on other systems it also looks in the usual folders. */
const NAMES = ["google-chrome-stable", "google-chrome", "chromium-browser", "chromium", "chrome"];
export const hasBrowser =
  process.platform !== "linux" ||
  Boolean(process.env.BUN_CHROME_PATH) ||
  NAMES.some((name) => Bun.which(name) !== null);
if (!hasBrowser) {
  const problem = "Chrome or Chromium is not installed: the page cannot be tested.";
  if (process.env.CI === "true") throw new Error(problem);
  console.warn(problem);
}

export class Page implements Disposable {
  readonly #view: Bun.WebView;

  private constructor(view: Bun.WebView) {
    this.#view = view;
  }

  /** Opens a tab. All tabs share one browser: each host name has its own cookies. */
  static async open(url: string, host: string, size = { width: 1100, height: 700 }): Promise<Page> {
    const backend: Bun.WebView.Backend = { type: "chrome", url: false, argv: ["--no-sandbox"] };
    const page = new Page(new Bun.WebView({ ...size, backend }));
    await page.#view.navigate(url.replace("127.0.0.1", `${host}.localhost`));
    return page;
  }

  static closeAll(): void {
    Bun.WebView.closeAll();
  }

  /** Opens a tab and signs in, on a host of the user's own. */
  static async signIn(
    url: string,
    name: string,
    size?: { readonly width: number; readonly height: number },
  ): Promise<Page> {
    const page = await Page.open(url, name.toLowerCase().replace(/\W+/g, ""), size);
    await page.signIn(name);
    return page;
  }

  async signIn(name: string): Promise<void> {
    await this.shows("#welcome:not([hidden])");
    await this.click("#name");
    await this.type(name);
    await this.press("Enter");
    await this.shows("[data-state=online]");
  }

  evaluate<T>(script: string): Promise<T> {
    return this.#view.evaluate(script) as Promise<T>;
  }
  /** Waits until the script is true. While the page reloads, it cannot be asked. */
  until(script: string): Promise<void> {
    const ask = () => this.evaluate<boolean>(script).catch(() => false);
    return until(ask, script);
  }
  shows(selector: string): Promise<void> {
    return this.until(`document.querySelector(${JSON.stringify(selector)}) !== null`);
  }
  /** Waits for what a new connection changes, without the delay of up to 30 s before the page tries again. */
  reconnects(selector = "[data-state=online]"): Promise<void> {
    const isShown = `document.querySelector(${JSON.stringify(selector)}) !== null`;
    return this.until(`dispatchEvent(new Event("online")) && ${isShown}`);
  }
  texts(selector: string): Promise<string[]> {
    const all = `document.querySelectorAll(${JSON.stringify(selector)})`;
    return this.evaluate(`[...${all}].map(({ textContent }) => textContent)`);
  }
  says(selector: string, text: string): Promise<void> {
    const all = `[...document.querySelectorAll(${JSON.stringify(selector)})]`;
    return this.until(`${all}.some(({ textContent }) => textContent === ${JSON.stringify(text)})`);
  }
  async reload(): Promise<void> {
    await this.#view.reload();
  }
  click(selector: string): Promise<void> {
    return this.#view.click(selector);
  }
  type(text: string): Promise<void> {
    return this.#view.type(text);
  }
  press(key: Bun.WebView.VirtualKey, ...modifiers: Bun.WebView.Modifier[]): Promise<void> {
    return this.#view.press(key, { modifiers });
  }
  /** Opens a room and waits until it is joined. */
  async join(room: string): Promise<void> {
    await this.click("#room");
    await this.type(room);
    await this.press("Enter");
    await this.says("#title", `# ${room}`);
    await this.shows("#members li");
  }
  async write(text: string): Promise<void> {
    await this.click("#text");
    await this.type(text);
    await this.press("Enter");
  }
  [Symbol.dispose](): void {
    this.#view.close();
  }
}
