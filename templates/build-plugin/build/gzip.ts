// gzip, by Bun itself: without node:zlib, which takes longer to load than a small site to build.

export function gzipped(bytes: Uint8Array): Uint8Array {
  return Bun.gzipSync(new Uint8Array(bytes), { library: "libdeflate" });
}
