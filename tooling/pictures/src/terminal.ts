// A shell in a real pseudo-terminal: types into it, reads its screen, and paints it on a page.
import type { Tab } from "./tab.ts";
import page from "./terminal/index.html";

const COLUMNS = 100;
const ROWS = 60;
const PROMPT = "❯ ";

export class Terminal implements AsyncDisposable {
  readonly #chunks: Uint8Array[] = [];
  readonly #shell: Bun.Subprocess;
  #seen = 0;

  constructor(cwd: string) {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      PS1: `\\[\\e[35m\\]${PROMPT}\\[\\e[0m\\]`,
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.com",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.com",
    };
    this.#shell = Bun.spawn(["bash", "--norc", "--noprofile", "+o", "history"], {
      cwd,
      env,
      terminal: { cols: COLUMNS, rows: ROWS, data: (_, data) => this.#chunks.push(data.slice()) },
    });
  }

  get #text(): string {
    return Bun.stripANSI(Buffer.concat(this.#chunks).toString());
  }

  /** Waits until the terminal shows a text after the last input. */
  async shows(text: string): Promise<void> {
    const deadline = performance.now() + 120_000;
    while (!this.#text.slice(this.#seen).includes(text)) {
      if (performance.now() > deadline)
        throw new Error(`waited in vain for ${text}:\n${this.#text}`);
      await Bun.sleep(20);
    }
  }

  type(keys: string): void {
    this.#seen = this.#text.length;
    this.#shell.terminal?.write(keys);
  }

  /** Moves down a list until an entry is selected, and confirms it. */
  async choose(entry: string): Promise<void> {
    while (!this.#text.slice(this.#seen).includes(`● ${entry}`)) {
      this.type("\u001b[B");
      await this.shows("● ");
    }
    this.type("\r");
  }

  /** Types a command at the prompt, and waits for the next prompt. */
  async command(line: string): Promise<void> {
    await this.start(line);
    await this.shows(`\n${PROMPT}`);
  }

  /** Types a command at the prompt, and does not wait. */
  async start(line: string): Promise<void> {
    await this.shows(PROMPT);
    this.type(`${line}\r`);
  }

  /** Paints the current screen without empty lines and without a prompt at the end. */
  async paint(tab: Tab, width: number): Promise<void> {
    const screen = Buffer.concat(this.#chunks)
      .toString()
      .replace(new RegExp(`[^\\n]*${PROMPT}[^\\n]*$`), "");
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, routes: { "/": page } });
    await tab.goto(server.url.href);
    await tab.sees("typeof globalThis.paint === 'function'");
    const height = await tab.evaluate<number>(
      `paint(${JSON.stringify(screen)}, ${COLUMNS}, ${ROWS})`,
    );
    await tab.resize({ width, height });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.kill("SIGKILL");
    await this.#shell.exited;
    this.#shell.terminal?.close();
  }
}
