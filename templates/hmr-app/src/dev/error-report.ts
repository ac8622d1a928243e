// Codec for the error reports of Bun's overlay: 32-bit little-endian integers, and strings prefixed with their length.

/** One line of a stack trace; line and column count from 1. */
export interface Frame {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly file: string;
}

/** Reads one value after the other. @throws {RangeError} if the report is truncated. */
export class ReportReader {
  #offset = 0;

  constructor(readonly bytes: Buffer) {}

  integer(): number {
    this.#offset += 4;
    return this.bytes.readInt32LE(this.#offset - 4);
  }

  string(): string {
    const length = this.#length();
    this.#offset += length;
    return this.bytes.toString("utf8", this.#offset - length, this.#offset);
  }

  frames(): readonly Frame[] {
    return Array.from({ length: this.#length() }, () => ({
      line: this.integer(),
      column: this.integer(),
      name: this.string(),
      file: this.string(),
    }));
  }

  /** A length is never more than the bytes that are left: each character and each frame takes at least one. */
  #length(): number {
    const length = this.integer();
    if (length >= 0 && length <= this.bytes.length - this.#offset) return length;
    throw new RangeError("The report is truncated.");
  }
}

export function encodeInteger(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

export function encodeString(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([encodeInteger(bytes.length), bytes]);
}

export function encodeFrames(frames: readonly Frame[]): Buffer {
  const parts = frames.flatMap(({ line, column, name, file }) => [
    encodeInteger(line),
    encodeInteger(column),
    encodeString(name),
    encodeString(file),
  ]);
  return Buffer.concat([encodeInteger(frames.length), ...parts]);
}
