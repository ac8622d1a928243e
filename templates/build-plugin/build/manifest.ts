// The asset manifest: size, integrity and imports of each file, for a server that sends or preloads the site.
import type { Files } from "../scripts/output.ts";
import { sortFiles, withoutDot } from "./files.ts";
import { integrityOf } from "./integrity.ts";

export interface Asset {
  readonly bytes: number;
  readonly integrity: string;
  /** The source file of the entry point, if the asset is the bundle of one. */
  readonly entry?: string;
  /** Assets that it imports statically. */
  readonly imports: readonly string[];
  /** Assets that it imports with `import()`. */
  readonly dynamicImports: readonly string[];
}

/** Returns the assets by path. Only bundled files are listed, without source maps. */
export function manifestOf(
  files: Files,
  { outputs }: Bun.BuildMetafile,
): Readonly<Record<string, Asset>> {
  const assets = [...sortFiles(files)].filter(([path]) => !path.endsWith(".map"));
  return Object.fromEntries(
    assets.map(([path, bytes]) => {
      const { entryPoint, imports = [] } = outputs[`./${path}`] ?? {};
      const imported = (dynamic: boolean) =>
        imports
          .filter(({ kind }) => (kind === "dynamic-import") === dynamic)
          .map((asset) => withoutDot(asset.path))
          .filter((asset) => files.has(asset))
          .toSorted();
      const asset: Asset = {
        bytes: bytes.length,
        integrity: integrityOf(bytes),
        ...(entryPoint === undefined ? {} : { entry: entryPoint }),
        imports: imported(false),
        dynamicImports: imported(true),
      };
      return [path, asset];
    }),
  );
}
