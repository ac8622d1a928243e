// Reads the keys of a dialog. The prompt library alone loses keys that arrive between an Enter and the next question.
import { PassThrough, type Readable } from "node:stream";
import type { ReadStream } from "node:tty";

export interface Keyboard extends Disposable {
  /** The bytes that the user types. Each question reads up to and including its Enter. */
  readonly keys: Readable;
}

const CTRL_C = 3;
/** The prompt library would stop this process only. `bun create` would wait for it, in a terminal that ignores every key. */
const CTRL_Z = 26;

/** @param interrupt called for Ctrl-C, which is a signal only while the terminal is not in raw mode */
export function openKeyboard(terminal: ReadStream, interrupt: () => void): Keyboard {
  const keys = new PassThrough();
  const read = (chunk: Buffer) => {
    if (chunk.includes(CTRL_C)) interrupt();
    // An answered question pauses the stream. If one chunk had bytes after the Enter, the question would drop them.
    for (const byte of chunk) if (byte !== CTRL_Z) keys.write(Uint8Array.of(byte));
  };
  terminal.setRawMode(true);
  terminal.on("data", read);
  return {
    keys,
    [Symbol.dispose]: () => {
      terminal.off("data", read);
      terminal.pause();
      terminal.setRawMode(false);
    },
  };
}
