// The report of an error that Bun's overlay sends, and its answer: numbers of 32 bits, and strings after their length.

/** A line of a stack; numbers count from 1. */
export interface Frame {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly file: string;
}

/** Reads one thing after the other. @throws {RangeError} where the bytes end too early. */
export class Reader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  number(): number {
    this.#at += 4;
    return this.bytes.readInt32LE(this.#at - 4);
  }

  string(): string {
    const length = this.number();
    this.#at += length;
    if (this.#at > this.bytes.length) throw new RangeError("The string is cut off.");
    return this.bytes.toString("utf8", this.#at - length, this.#at);
  }

  frames(): readonly Frame[] {
    return Array.from({ length: this.number() }, () => ({
      line: this.number(),
      column: this.number(),
      name: this.string(),
      file: this.string(),
    }));
  }
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

export function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

export function frames(list: readonly Frame[]): Buffer {
  const parts = list.flatMap(({ line, column, name, file }) => [
    number(line),
    number(column),
    string(name),
    string(file),
  ]);
  return Buffer.concat([number(list.length), ...parts]);
}
