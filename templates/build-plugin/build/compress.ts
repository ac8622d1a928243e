// Files compressed ahead of time, for servers that send `x.br` or `x.gz` for `x`.
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Cache } from "./cache.ts";
import { type Files, fingerprint } from "./files.ts";
import { gzipped } from "./gzip.ts";

const brotli = promisify(brotliCompress);
const COMPRESSIBLE = /\.(html|css|js|svg|json|txt|xml|webmanifest)$/;

/** `x.gz` and `x.br` for each file that gets smaller by it. */
export async function compressed(files: Files, cache: Cache): Promise<Files> {
  const all = await Promise.all(
    [...files]
      .filter(([path]) => COMPRESSIBLE.test(path))
      .map(async ([path, bytes]) => {
        const small = await bothOf(bytes, cache);
        return [...small]
          .filter(([, { length }]) => length < bytes.length)
          .map(([suffix, content]) => [`${path}.${suffix}`, content] as const);
      }),
  );
  return new Map(all.flat());
}

/** Brotli at its best is slow: a file that has not changed is not compressed again. */
function bothOf(bytes: Uint8Array, cache: Cache): Promise<Files> {
  const key = fingerprint(["compress", Bun.version, Buffer.from(bytes).toString("base64")], []);
  return cache.files(key, async () => {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    return new Map([
      ["gz", gzipped(bytes)],
      ["br", await brotli(bytes, { params })],
    ]);
  });
}
