// Distinguishes a changed template from one that only has a new version number.
import { areEqual, type FileMap, text } from "../flatten/file-map.ts";
import { parseManifest } from "../flatten/manifest.ts";

const MANIFEST = "package.json";

/** Whether the projects differ in more than the stamp. */
export function changesTemplate(base: FileMap, next: FileMap): boolean {
  const paths = new Set([...base.keys(), ...next.keys()]);
  return [...paths].some((path) => {
    const [old, new_] = [base.get(path), next.get(path)];
    if (old === undefined || new_ === undefined) return true;
    return path === MANIFEST
      ? !Bun.deepEquals(unstamped(old), unstamped(new_))
      : !areEqual(old, new_);
  });
}

function unstamped(content: Uint8Array): object {
  const { bunyard: _, ...manifest } = parseManifest(text(content), MANIFEST);
  return manifest;
}
