// Analyses a file chunk by chunk: its size, its lines and words as `wc` counts them, and its SHA-256.

export type Result = {
  readonly bytes: number;
  /** Line feeds. */
  readonly lines: number;
  /** Runs of bytes that are not ASCII white space. */
  readonly words: number;
  readonly sha256: string;
};

const LINE_FEED = 0x0a;

export class Analysis {
  readonly #hash = new Bun.CryptoHasher("sha256");
  /** Bytes so far. */
  bytes = 0;
  #lines = 0;
  #words = 0;
  #inWord = false;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.bytes += chunk.byteLength;
    let inWord = this.#inWord;
    for (const byte of chunk) {
      if (byte === LINE_FEED) this.#lines++;
      const isSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (!isSpace && !inWord) this.#words++;
      inWord = !isSpace;
    }
    this.#inWord = inWord;
  }

  result(): Result {
    return {
      bytes: this.bytes,
      lines: this.#lines,
      words: this.#words,
      sha256: this.#hash.digest("hex"),
    };
  }
}
