// The asset manifest: what a server needs to know to send the site.
import { type Files, sorted } from "./files.ts";
import { integrityOf } from "./integrity.ts";

export interface Asset {
  readonly bytes: number;
  readonly integrity: string;
  /** The source that it begins with, if there is one. */
  readonly entry?: string;
  /** Assets that it imports at once. */
  readonly imports: readonly string[];
  /** Assets that it imports when they are wanted. */
  readonly dynamicImports: readonly string[];
}

/** By path. Source maps are for people: they are not in it, and neither is what was not bundled. */
export function manifestOf(
  files: Files,
  { outputs }: Bun.BuildMetafile,
): Readonly<Record<string, Asset>> {
  const assets = [...sorted(files)].filter(([path]) => !path.endsWith(".map"));
  return Object.fromEntries(
    assets.map(([path, bytes]) => {
      const { entryPoint, imports = [] } = outputs[`./${path}`] ?? {};
      const imported = (dynamic: boolean) =>
        imports
          .filter(({ kind }) => (kind === "dynamic-import") === dynamic)
          .map((asset) => asset.path.replace("./", ""))
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
