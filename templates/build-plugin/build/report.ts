// The build report as data: the sizes of the files, and of the modules in each bundle.
import type { Files } from "../scripts/output.ts";
import { gzipBytes } from "./size.ts";

export interface Report {
  readonly files: readonly FileSize[];
  readonly bundles: readonly Bundle[];
}

export interface FileSize {
  /** Relative to dist/. */
  readonly path: string;
  readonly raw: number;
  readonly gzip: number;
  /** Undefined with --no-compress, or if Brotli does not make the file smaller. */
  readonly brotli?: number;
}

export interface Bundle {
  readonly file: string;
  readonly modules: readonly { readonly path: string; readonly bytes: number }[];
}

/** Measures the files that are sent to browsers or run. Source maps, declarations and compressed variants do not count. */
export function reportOf(files: Files, bundles: readonly Bundle[]): Report {
  const counted = [...files].filter(([path]) => !/\.(map|d\.ts|gz|br)$/.test(path));
  const sizes = counted.map(([path, bytes]) => {
    const gzip = files.get(`${path}.gz`)?.length ?? gzipBytes(bytes).length;
    const brotli = files.get(`${path}.br`)?.length;
    return { path, raw: bytes.length, gzip, ...(brotli === undefined ? {} : { brotli }) };
  });
  return { files: sizes, bundles };
}
