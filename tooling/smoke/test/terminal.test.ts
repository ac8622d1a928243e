// The progress on a real pseudo-terminal: redrawn, no wider than the window, and the terminal is restored.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { until } from "@bunyard/test/service";
import { Fixture, LIBRARY } from "./fixture.ts";

setDefaultTimeout(120_000);

function openTerminal(fixture: Fixture, cols: number, command = fixture.command()) {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(command, {
    cwd: join(import.meta.dir, "../../.."),
    env: fixture.env({ TERM: "xterm-256color" }),
    terminal: {
      cols,
      rows: 24,
      data: (_, data) => {
        shown += decoder.decode(data, { stream: true });
      },
    },
  });
  return { child, shown: () => shown };
}

/** A starter with a slow test. */
const asleep = (ms: number) => ({
  ...LIBRARY,
  "main.test.ts": `import { test } from "bun:test";\ntest("asleep", () => Bun.sleep(${ms}), 1e6);\n`,
});

const ESCAPE = "\u001b";

/** The last column that is written to. A frame starts in the first column. */
const widest = (text: string): number =>
  Math.max(
    ...Bun.stripANSI(text)
      .split(/\r?\n/)
      .map((line) => Bun.stringWidth(line)),
  );

describe.skipIf(process.platform === "win32")("on a terminal", () => {
  test.each([80, 40])("of %i columns", async (cols) => {
    await using fixture = await Fixture.open({ "a-name-of-20-letters": asleep(500) });
    const { child, shown } = openTerminal(fixture, cols);
    expect(await child.exited).toBe(0);
    await until("all is shown", () => shown().includes("1 row, 7 cells: 7 passed"));
    const [live = "", end = ""] = shown().split("\u001b[?25h");
    expect(live).toStartWith("\u001b[?25l");
    expect(widest(live)).toBeLessThanOrEqual(cols);
    // Each frame except the first overwrites the previous one.
    const [first = "", ...later] = live.split("\u001b[?2026h").slice(1);
    expect(first).not.toContain("A\r");
    expect(later.length).toBeGreaterThan(1);
    expect(later.filter((frame) => !/^\[\d+A\r/.test(frame.replace(ESCAPE, "")))).toEqual([]);
    expect(live).toContain("…");
    expect(end).toContain("starter");
    expect(end).not.toContain("\u001b[?25l");
  });

  // Under `bun run`, the signal comes twice: from the terminal, and passed on.
  test.each(["directly", "by bun run"])(
    "started %s, Ctrl-C: 130, and no file is left",
    async (how) => {
      await using fixture = await Fixture.open({ stuck: asleep(1e6) });
      const script = [process.execPath, "run", "smoke", ...fixture.command().slice(2)];
      const command = how === "directly" ? fixture.command() : script;
      const { child, shown } = openTerminal(fixture, 80, command);
      await until("the test runs", () =>
        /stuck( +[\d.]+s){4} +[\d.]+s…/.test(Bun.stripANSI(shown())),
      );
      child.terminal?.write("\u0003");
      expect(await child.exited).toBe(130);
      expect(shown()).toContain("\u001b[?25hStopping, and removing");
      expect(await fixture.left()).toEqual([]);
    },
  );
});
