// gzip with Bun's own implementation, because loading node:zlib takes longer than building a small site.

export function gzipBytes(bytes: Uint8Array): Uint8Array {
  return Bun.gzipSync(new Uint8Array(bytes), { library: "libdeflate" });
}
