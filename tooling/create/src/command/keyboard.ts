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
const DELETE = 127;

/** More than the bytes of the longest file name on any system. */
const MAX_NAME_BYTES = 1024;

/** Neither a separator of a path nor a key such as Enter or Backspace. */
const isInName = (byte: number): boolean =>
  byte >= 32 && byte !== DELETE && !"/\\".includes(String.fromCharCode(byte));

/** @param interrupt called for Ctrl-C, which is a signal only while the terminal is not in raw mode */
export function openKeyboard(terminal: ReadStream, interrupt: () => void): Keyboard {
  const keys = new PassThrough();
  let nameBytes = 0;
  const read = (chunk: Buffer) => {
    if (chunk.includes(CTRL_C)) interrupt();
    for (const byte of chunk) {
      nameBytes = isInName(byte) ? nameBytes + 1 : 0;
      // The prompt library draws the answer again for each byte, so a long paste would block the dialog for minutes.
      if (byte === CTRL_Z || nameBytes > MAX_NAME_BYTES) continue;
      // An answered question pauses the stream. If one chunk had bytes after the Enter, the question would drop them.
      keys.write(Uint8Array.of(byte));
    }
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
