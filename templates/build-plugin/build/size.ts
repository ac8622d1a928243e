// Sizes: with gzip, and as text such as `12.30 kB`.
import { BuildFailure } from "./failure.ts";

/** With Bun's own implementation, because loading node:zlib takes longer than building a small site. */
export function gzipBytes(bytes: Uint8Array): Uint8Array {
  return Bun.gzipSync(new Uint8Array(bytes), { library: "libdeflate" });
}

/** In units of 1000 bytes, as networks and browsers count. */
export function printSize(bytes: number): string {
  if (Math.abs(bytes) < 1000) return `${bytes} B`;
  return Math.abs(bytes) < 1_000_000
    ? `${(bytes / 1000).toFixed(2)} kB`
    : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/**
 * @param what names the size in the error
 * @throws {BuildFailure} if the text is not a size, such as `12` or `12 kb/s`
 */
export function parseSize(text: string, what: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?(B|kB|MB)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new BuildFailure(
      `${what} is "${text}", which is not a size.`,
      'Write it like "900 B", "12 kB" or "1.5 MB".',
    );
  }
  return Number(digits) * ({ B: 1, kB: 1000, MB: 1_000_000 }[unit] ?? 1);
}
