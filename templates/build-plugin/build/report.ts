// What the build made, as data: sizes of files, and of the modules in the bundles.

import type { Files } from "./files.ts";
import { gzipped } from "./gzip.ts";

export interface Report {
  readonly files: readonly FileSize[];
  readonly bundles: readonly Bundle[];
}

export interface FileSize {
  /** Below dist/. */
  readonly path: string;
  readonly raw: number;
  readonly gzip: number;
  /** Undefined if brotli was not wanted, or does not make it smaller. */
  readonly brotli?: number;
}

export interface Bundle {
  readonly file: string;
  readonly modules: readonly { readonly path: string; readonly bytes: number }[];
}

/** Of what is sent to browsers, or run: maps, declarations and compressed copies are not counted. */
export function reportOf(files: Files, bundles: readonly Bundle[]): Report {
  const counted = [...files].filter(
    ([path]) => !/\.(map|d\.ts|gz|br)$|(^|\/)manifest\.json$/.test(path),
  );
  const sizes = counted.map(([path, bytes]) => {
    const gzip = files.get(`${path}.gz`)?.length ?? gzipped(bytes).length;
    const brotli = files.get(`${path}.br`)?.length;
    return { path, raw: bytes.length, gzip, ...(brotli === undefined ? {} : { brotli }) };
  });
  return { files: sizes, bundles };
}
