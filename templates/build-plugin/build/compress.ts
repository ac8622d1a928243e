// Files compressed ahead of time, for servers that send `x.br` or `x.gz` for `x`.
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Files } from "../scripts/output.ts";
import type { Cache } from "./cache.ts";
import { fingerprint } from "./files.ts";
import { gzipBytes } from "./size.ts";

const brotli = promisify(brotliCompress);
const COMPRESSIBLE = /\.(html|css|js|svg|json|txt|xml|webmanifest)$/;

/**
 * Returns `x.gz` and `x.br` for each file `x` that compression makes smaller.
 * @param tooling fingerprint of the code that compresses
 */
export async function compressFiles(files: Files, tooling: string, cache: Cache): Promise<Files> {
  const variants = await Promise.all(
    [...files]
      .filter(([path]) => COMPRESSIBLE.test(path))
      .map(async ([path, bytes]) => {
        const compressed = await compressBoth(bytes, tooling, cache);
        return [...compressed]
          .filter(([, { length }]) => length < bytes.length)
          .map(([suffix, content]) => [`${path}.${suffix}`, content] as const);
      }),
  );
  return new Map(variants.flat());
}

/** Cached, because Brotli at its highest quality is slow. */
function compressBoth(bytes: Uint8Array, tooling: string, cache: Cache): Promise<Files> {
  const key = fingerprint(["compress", tooling, Buffer.from(bytes).toString("base64")], []);
  return cache.files(key, async () => {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    return new Map([
      ["gz", gzipBytes(bytes)],
      ["br", await brotli(bytes, { params })],
    ]);
  });
}
