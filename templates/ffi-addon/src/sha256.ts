// SHA-256, by which built files are named and verified.

/** Returns 64 hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
