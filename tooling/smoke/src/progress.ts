// Shows the progress of a run: redrawn on a terminal, a line for each cell elsewhere.
import type { Change } from "./board.ts";
import type { Matrix } from "./cells.ts";
import { duration, type Paint, paintFor, renderMatrix } from "./matrix.ts";

export interface Progress {
  readonly report: (change: Change) => void;
  /** Stops drawing and restores the terminal. May be called again. */
  readonly end: () => void;
}

/** Redraws if `stream` is a terminal that supports it. */
export function openProgress(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Progress {
  // Without a known size, a frame cannot be drawn over.
  const canDraw = stream.isTTY && env.TERM !== "dumb" && stream.columns > 0 && stream.rows > 0;
  return canDraw ? openLive(stream, paintFor(stream, env)) : openLines(stream);
}

/** Prints a line for each finished cell. */
function openLines(stream: NodeJS.WriteStream): Progress {
  let ended = false;
  return {
    report: ({ starter, cell, state }) => {
      if (ended) return;
      if (state.status === "passed")
        stream.write(`${starter}: ${cell} passed in ${duration(state.ms)}\n`);
      if (state.status === "failed") stream.write(`${starter}: ${cell} FAILED: ${state.reason}\n`);
    },
    end: () => {
      ended = true;
    },
  };
}

const FRAME_MS = 100;
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
// Synchronized output: a terminal that supports it shows only complete frames; others ignore the codes.
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const CLEAR_TO_END_OF_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** Redraws the matrix ten times a second. */
function openLive(terminal: NodeJS.WriteStream, paint: Paint): Progress {
  let matrix: Matrix = new Map();
  let height = 0;
  const draw = () => {
    const lines = frame(matrix, terminal, paint);
    const up = height > 0 ? `\u001b[${height}A\r` : "";
    terminal.write(`${BEGIN}${up}${lines.map((line) => `${line}\n`).join("")}${CLEAR_BELOW}${END}`);
    height = lines.length;
  };
  terminal.write(HIDE_CURSOR);
  draw();
  const timer = setInterval(draw, FRAME_MS);
  return {
    report: (change) => {
      matrix = change.matrix;
    },
    end: () => {
      clearInterval(timer);
      terminal.write(`${height > 0 ? `\u001b[${height}A\r` : ""}${CLEAR_BELOW}${SHOW_CURSOR}`);
      height = 0;
    },
  };
}

/** Cuts the lines to the terminal's size: longer ones would wrap, and a taller frame could not be drawn over. */
function frame(
  matrix: Matrix,
  { columns, rows }: NodeJS.WriteStream,
  paint: Paint,
): readonly string[] {
  return renderMatrix(matrix, performance.now(), paint)
    .slice(0, rows - 1)
    .map((line) => `${Bun.sliceAnsi(line, 0, columns, "…")}\u001b[m${CLEAR_TO_END_OF_LINE}`);
}
