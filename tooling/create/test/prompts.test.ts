// The questions, asked in a real pseudo-terminal.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Sandbox, TINY_FILES, until } from "./sandbox.ts";
import { NEEDY, openStuckRegistry } from "./stuck-registry.ts";

setDefaultTimeout(120_000);

const ENTER = "\r";
const DOWN = "\u001b[B";
const CTRL_C = "\u0003";

/** The command in a terminal: what it has shown so far, and a keyboard. */
function openTerminal(box: Sandbox, args: readonly string[], env: Record<string, string> = {}) {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(box.command(...args), {
    cwd: box.cwd,
    env: box.env({ TERM: "xterm-256color", CI: undefined, ...env }),
    terminal: {
      cols: 100,
      rows: 40,
      data: (_terminal, data) => {
        shown += decoder.decode(data, { stream: true });
      },
    },
  });
  return {
    shows: (text: string) => until(() => Bun.stripANSI(shown).includes(text)),
    type: (keys: string) => child.terminal?.write(keys),
    text: () => Bun.stripANSI(shown),
    exited: child.exited,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
}

describe.skipIf(process.platform === "win32")("on a terminal", () => {
  test("asks for the directory and the template, and creates what was answered", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--no-install"]);
    await terminal.shows("Where shall the project go?");
    terminal.type(`shop${ENTER}`);
    await terminal.shows("Which starter?");
    await terminal.shows("Tiny (The smallest project)");
    terminal.type(ENTER);
    expect(await terminal.exited).toBe(0);
    await terminal.shows("cd shop");
    expect(await box.tree("shop")).toEqual(TINY_FILES);
  });

  test("an empty answer takes the suggestion, and another starter can be chosen", async () => {
    await using box = await Sandbox.open();
    await box.addTemplate("large", { "package.json": "{}", "large.ts": "" });
    await using terminal = openTerminal(box, ["--no-install"]);
    await terminal.shows("Where shall the project go?");
    terminal.type(ENTER);
    await terminal.shows("Which starter?");
    terminal.type(`${DOWN}${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("my-app")).toEqual(["large.ts", "package.json"]);
  });

  test("asks only for what is missing", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["app", "--no-install"]);
    await terminal.shows("Which starter?");
    expect(terminal.text()).not.toContain("Where shall");
    terminal.type(ENTER);
    expect(await terminal.exited).toBe(0);
  });

  test.each([
    ["the directory", [], "Where shall"],
    ["the template", ["app"], "Which starter?"],
  ])(
    "Ctrl-C at the question for %s creates nothing and exits with 130",
    async (_, args, question) => {
      await using box = await Sandbox.open();
      await using terminal = openTerminal(box, args);
      await terminal.shows(question);
      terminal.type(CTRL_C);
      expect(await terminal.exited).toBe(130);
      expect(await box.list()).toEqual([]);
    },
  );

  test("--yes and --json never ask", async () => {
    await using box = await Sandbox.open();
    for (const flag of ["--yes", "--json"]) {
      await using terminal = openTerminal(box, [flag]);
      expect(await terminal.exited).toBe(2);
      await terminal.shows("Say which directory");
    }
  });

  test("shows that it installs, and clears the line", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["app", "--template", "tiny"]);
    expect(await terminal.exited).toBe(0);
    await terminal.shows("⠋ Installing the dependencies");
    await terminal.shows("✔ Installed the dependencies");
  });

  test("Ctrl-C while it installs reaches the install, too, and nothing is left", async () => {
    await using box = await Sandbox.open();
    await box.addTemplate("large", NEEDY);
    await using registry = openStuckRegistry();
    await using terminal = openTerminal(box, ["app", "--template", "large"], registry.env);
    await registry.asked;
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(130);
    expect(await box.list()).toEqual([]);
  });
});
