// Paints a terminal's screen with a real terminal emulator, in the colors of the page's scheme.
import { Terminal } from "@xterm/xterm";

const light = {
  background: "#fbfaf8",
  foreground: "#24272e",
  black: "#24272e",
  red: "#c02d2e",
  green: "#1d7a3e",
  yellow: "#8a6100",
  blue: "#2a5db0",
  magenta: "#a0307f",
  cyan: "#0b7285",
  white: "#6a6f78",
  brightBlack: "#8a8f98",
};
const dark = {
  background: "#16181d",
  foreground: "#dfe2e8",
  black: "#16181d",
  red: "#ff7b72",
  green: "#7ee787",
  yellow: "#e3b341",
  blue: "#79c0ff",
  magenta: "#f59bd6",
  cyan: "#76e3ea",
  white: "#b6bac2",
  brightBlack: "#7d828c",
};

/** Resolves to the height of the painted screen, in CSS pixels. */
async function paint(screen: string, cols: number, rows: number): Promise<number> {
  const parent = document.querySelector<HTMLElement>("#screen");
  if (parent === null) throw new Error("there is no #screen");
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => (scheme.matches ? dark : light);
  const terminal = new Terminal({
    cols,
    rows,
    theme: theme(),
    fontFamily: '"DejaVu Sans Mono", monospace',
    fontSize: 14,
    lineHeight: 1.25,
    cursorInactiveStyle: "none",
    scrollback: 0,
  });
  scheme.addEventListener("change", () => {
    terminal.options.theme = theme();
  });
  terminal.open(parent);
  await new Promise<void>((done) => terminal.write(`${screen}\u001b[?25l`, done));
  terminal.resize(cols, terminal.buffer.active.cursorY + 1);
  return Math.ceil(document.querySelector(".window")?.getBoundingClientRect().bottom ?? 0) + 8;
}

Object.assign(globalThis, { paint });
