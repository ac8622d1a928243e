// Takes pictures of a Chromium tab, light and dark.

export interface Size {
  /** In CSS pixels. The picture has twice as many. */
  readonly width: number;
  readonly height: number;
}

export class Tab implements AsyncDisposable {
  private constructor(
    private readonly view: Bun.WebView,
    private size: Size,
  ) {}

  static async open(size: Size): Promise<Tab> {
    const argv = ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"];
    const view = new Bun.WebView({ ...size, backend: { type: "chrome", url: false, argv } });
    const tab = new Tab(view, size);
    await view.navigate("about:blank");
    await tab.resize(size);
    return tab;
  }

  async resize(size: Size): Promise<void> {
    this.size = size;
    const metrics = { ...size, deviceScaleFactor: 2, mobile: false };
    await this.view.cdp("Emulation.setDeviceMetricsOverride", metrics);
  }

  async goto(url: string): Promise<void> {
    await this.view.navigate(url);
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.view.evaluate<T>(expression);
  }

  async click(selector: string): Promise<void> {
    await this.sees(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.view.click(selector);
  }

  async type(text: string, key?: "Enter"): Promise<void> {
    await this.view.type(text);
    if (key !== undefined) await this.view.press(key);
  }

  /** Waits until an expression is true in the page, and repeats an action until then. */
  async sees(expression: string, act?: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!(await this.evaluate<boolean>(expression))) {
      if (performance.now() > deadline) throw new Error(`waited in vain until ${expression}`);
      await act?.();
      await Bun.sleep(100);
    }
  }

  /** WebP. */
  async picture(scheme: "light" | "dark"): Promise<Buffer> {
    const features = [
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ];
    await this.view.cdp("Emulation.setEmulatedMedia", { features });
    // Wait for two frames, because the first one may still show the other color scheme.
    await this.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
    );
    const { data } = await this.view.cdp<{ data: string }>("Page.captureScreenshot", {
      format: "webp",
      quality: 90,
      clip: { x: 0, y: 0, ...this.size, scale: 1 },
    });
    return Buffer.from(data, "base64");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.view.close();
  }
}
