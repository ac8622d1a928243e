// The questions, asked in a real pseudo-terminal.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Sandbox, TINY_FILES, until } from "./sandbox.ts";
import { NEEDY, openStuckRegistry } from "./stuck-registry.ts";

setDefaultTimeout(120_000);

const ENTER = "\r";
const DOWN = "\u001b[B";
const CTRL_C = "\u0003";
const ERASE_LINE = "\u0015";

/** Runs the command in a terminal, with what it has shown so far and a keyboard. */
function openTerminal(
  box: Sandbox,
  args: readonly string[],
  env: Record<string, string> = {},
  command = box.command(...args),
) {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(command, {
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
    await terminal.shows("Where should we create your project?");
    terminal.type(`shop${ENTER}`);
    await terminal.shows("Which starter?");
    await terminal.shows("tiny     The smallest project");
    terminal.type(ENTER);
    expect(await terminal.exited).toBe(0);
    await terminal.shows("cd shop");
    expect(await box.tree("shop")).toEqual(TINY_FILES);
  });

  test("blanks use the suggestion, as an empty answer does", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    terminal.type(`  ${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.list()).toEqual(["my-app"]);
  });

  test("an empty answer uses the suggestion, and another starter can be chosen", async () => {
    await using box = await Sandbox.open();
    await box.addTemplate("large", { "package.json": "{}", "large.ts": "" });
    await using terminal = openTerminal(box, ["--no-install"]);
    await terminal.shows("Where should we create your project?");
    terminal.type(ENTER);
    await terminal.shows("Which starter?");
    terminal.type(`${DOWN}${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("my-app")).toEqual([
      ".gitignore",
      "biome.json",
      "large.ts",
      "package.json",
    ]);
  });

  describe("keys that are typed before a question is shown", () => {
    const KEYS = [`shop${ENTER}`, `${DOWN}${DOWN}${ENTER}`, `${DOWN} ${ENTER}`];

    test.each([0, 1, 3, 8])("answer it, %i ms after the question before", async (ms) => {
      await using box = await Sandbox.open();
      await using terminal = openTerminal(box, ["--no-install"]);
      await terminal.shows("Where should");
      for (const keys of KEYS) {
        terminal.type(keys);
        await Bun.sleep(ms);
      }
      expect(await terminal.exited).toBe(0);
      const { template, without } = JSON.parse(await box.read("shop/package.json")).bunyard;
      expect([template, ...without]).toEqual(["modular", "uploads", "resize"]);
    });

    test("answer it, also if all of them arrive together", async () => {
      await using box = await Sandbox.open();
      await using terminal = openTerminal(box, ["--no-install"]);
      await terminal.shows("Where should");
      terminal.type(KEYS.join(""));
      expect(await terminal.exited).toBe(0);
      const { template, without } = JSON.parse(await box.read("shop/package.json")).bunyard;
      expect([template, ...without]).toEqual(["modular", "uploads", "resize"]);
    });

    test.each([0, 1, 3])("cancel with Ctrl-C, %i ms after the question before", async (ms) => {
      await using box = await Sandbox.open();
      await using terminal = openTerminal(box, ["--no-install"]);
      await terminal.shows("Where should");
      terminal.type(`shop${ENTER}`);
      await Bun.sleep(ms);
      terminal.type(CTRL_C);
      expect(await terminal.exited).toBe(130);
      expect(await box.list()).toEqual([]);
    });
  });

  test("Ctrl-Z does not stop the process, which bun create would wait for", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    terminal.type(`sh\u001aop${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("shop")).toEqual(TINY_FILES);
  });

  test("asks only for what is missing", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["app", "--no-install"]);
    await terminal.shows("Which starter?");
    expect(terminal.text()).not.toContain("Where should");
    terminal.type(ENTER);
    expect(await terminal.exited).toBe(0);
  });

  describe.each([
    ["the directory", [], "Where should"],
    ["the template", ["app"], "Which starter?"],
  ])("at the question for %s", (_, args, question) => {
    test.each([
      ["Ctrl-C", "\u0003"],
      ["Ctrl-D", "\u0004"],
      ["Esc", "\u001b"],
      ["Ctrl-D after some text", "sh\u0004"],
    ])("%s creates nothing and exits with 130", async (_, keys) => {
      await using box = await Sandbox.open();
      await using terminal = openTerminal(box, args);
      await terminal.shows(question);
      for (const key of keys) terminal.type(key);
      expect(await terminal.exited).toBe(130);
      expect(await box.list()).toEqual([]);
    });
  });

  test("a directory that cannot be used is refused at its question, which is asked again", async () => {
    await using box = await Sandbox.open();
    await box.write({ "full/a.txt": "", file: "" });
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    for (const [typed, refusal] of [
      ["full", "full is not empty. It contains a.txt"],
      ["file", "file is not a directory."],
      ["nul", "Windows reserves the name for a device."],
    ] as const) {
      terminal.type(`${typed}${ENTER}`);
      await terminal.shows(refusal);
      terminal.type(ERASE_LINE);
    }
    terminal.type(`  shop  ${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("shop")).toEqual(TINY_FILES);
  });

  test("another name is not asked for if the directory is the problem", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["x/nul", "--template", "tiny", "--no-install"]);
    expect(await terminal.exited).toBe(2);
    await terminal.shows("Choose another directory.");
  });

  test("~ in an answer is the home directory", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    terminal.type(`~/shop${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("../shop")).toEqual(TINY_FILES);
    expect(await box.list()).toEqual([]);
  });

  test("a directory from which no name can be derived leads to a question for the name", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["日本", "--template", "tiny", "--no-install"]);
    await terminal.shows("What should the package be called?");
    terminal.type(`My App${ENTER}`);
    await terminal.shows("Use my-app");
    terminal.type(`${ERASE_LINE}${ENTER}`);
    await terminal.shows("Choose one.");
    terminal.type(`my-app${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(JSON.parse(await box.read("日本/package.json")).name).toBe("my-app");
  });

  test("a name that the starter depends on leads to the same question", async () => {
    await using box = await Sandbox.open();
    await box.addTemplate("tiny", { "package.json": '{"dependencies":{"shop":"1.0.0"}}' });
    await using terminal = openTerminal(box, ["shop", "--no-install"]);
    await terminal.shows("Which starter?");
    terminal.type(ENTER);
    await terminal.shows("depends on a package of that name");
    await terminal.shows("What should the package be called?");
    terminal.type(`shop-2${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(JSON.parse(await box.read("shop/package.json")).name).toBe("shop-2");
  });

  test("a path that the system refuses is asked again", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    terminal.type(`${"a".repeat(300)}${ENTER}`);
    await terminal.shows("ENAMETOOLONG");
    terminal.type(`${ERASE_LINE}shop${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.tree("shop")).toEqual(TINY_FILES);
  });

  test("a terminal that reports a size of 0 gets lines of 80 columns", async () => {
    await using box = await Sandbox.open();
    const command = ["sh", "-c", 'stty cols 0 rows 0; exec "$@"', "sh", ...box.command("app")];
    await using terminal = openTerminal(box, [], {}, command);
    await terminal.shows("Which starter?");
    await terminal.shows("tiny     The smallest project");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(130);
  });

  test("a long paste is refused without blocking the dialog", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["--template", "tiny", "--no-install"]);
    await terminal.shows("Where should");
    terminal.type(`${"a".repeat(20_000)}${ENTER}`);
    await terminal.shows("Choose another directory.");
    terminal.type(`${ERASE_LINE}shop${ENTER}`);
    expect(await terminal.exited).toBe(0);
    expect(await box.list()).toEqual(["shop"]);
  });

  test("features can be left out if the starter is asked, and all are kept by default", async () => {
    await using box = await Sandbox.open();
    for (const [directory, keys, without] of [
      ["all", ENTER, []],
      ["some", `${DOWN} ${ENTER}`, ["uploads", "resize"]],
    ] as const) {
      await using terminal = openTerminal(box, [directory, "--no-install"]);
      await terminal.shows("Which starter?");
      terminal.type(`${DOWN}${DOWN}${ENTER}`);
      await terminal.shows("Which features?");
      await terminal.shows("resize (Smaller pictures)");
      terminal.type(keys);
      expect(await terminal.exited).toBe(0);
      const manifest = JSON.parse(await box.read(`${directory}/package.json`));
      expect(manifest.bunyard.without).toEqual(without);
    }
  });

  test("features are not asked for if the command line names them or the starter", async () => {
    await using box = await Sandbox.open();
    await using named = openTerminal(box, ["one", "--template", "modular", "--no-install"]);
    expect(await named.exited).toBe(0);
    await using chosen = openTerminal(box, ["two", "--without", "page", "--no-install"]);
    await chosen.shows("Which starter?");
    chosen.type(`${DOWN}${DOWN}${ENTER}`);
    expect(await chosen.exited).toBe(0);
    for (const terminal of [named, chosen]) expect(terminal.text()).not.toContain("features?");
    expect(await box.list("two/src")).toEqual(["main.ts", "resize.ts"]);
  });

  test("--yes and --json never ask", async () => {
    await using box = await Sandbox.open();
    for (const flag of ["--yes", "--json"]) {
      await using terminal = openTerminal(box, [flag]);
      expect(await terminal.exited).toBe(2);
      await terminal.shows("The directory is missing");
    }
  });

  test("shows progress during the install, then clears the line", async () => {
    await using box = await Sandbox.open();
    await using terminal = openTerminal(box, ["app", "--template", "tiny"]);
    expect(await terminal.exited).toBe(0);
    await terminal.shows("⠋ Installing the dependencies");
    await terminal.shows("✔ Installed the dependencies");
  });

  test("Ctrl-C during the install ends the install, too, and leaves no file", async () => {
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
