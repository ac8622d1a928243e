// The environment of the command: everything that it reads from its process.
import type { Variables } from "../subprocess.ts";
import type { Keyboard } from "./keyboard.ts";

export interface Environment {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly home: string;
  readonly variables: Variables;
  /** The executable of the running Bun. It need not be on the PATH. */
  readonly bun: string;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Whether the user can be asked. A function, because Bun opens the streams on first use, which takes time. */
  readonly isTerminal: () => boolean;
  /** Reads keys from the terminal until it is disposed. */
  readonly openKeyboard: () => Promise<Keyboard>;
  /** Whether each stream shows colors: one may be a terminal while the other is a file. */
  readonly colors: { readonly out: boolean; readonly err: boolean };
  /** Width of the terminal; undefined without one. A function, because Bun opens the stream on first use. */
  readonly columns: () => number | undefined;
  /** Prints a text and a line break on standard output. */
  readonly out: (text: string) => void;
  /** Prints a text and a line break on standard error. */
  readonly err: (text: string) => void;
  /** Shows progress on a terminal until the returned function is called. */
  readonly spin: (text: string) => () => void;
}
