// What creating adds to a flattened template: the user's name for it, and its manners inside a greater project.
import { CreateError } from "../errors.ts";
import { bytes, type FileMap, text } from "../flatten/file-map.ts";
import { printManifest } from "../flatten/json.ts";
import { DEPENDENCY_GROUPS, parseManifest, section } from "../flatten/manifest.ts";

export interface Personal {
  readonly name: string;
  /** A Biome configuration is in force further up, and there can be only one root. */
  readonly nested: boolean;
}

/** @throws {CreateError} `invalid_name` if the project would depend on its own name */
export function personalize(project: FileMap, { name, nested }: Personal): FileMap {
  return new Map(
    [...project].map(([path, content]) => {
      if (path === "package.json") return [path, renamed(content, name)] as const;
      if (path === "biome.json" && nested) return [path, asNested(content)] as const;
      return [path, content] as const;
    }),
  );
}

function renamed(content: Uint8Array, name: string): Uint8Array {
  const manifest = parseManifest(text(content), "package.json");
  if (DEPENDENCY_GROUPS.some((group) => name in section(manifest, group))) {
    throw new CreateError(
      "invalid_name",
      `"${name}" can't be the package's name: the project depends on a package of that name.`,
      "Choose another one with --name <package-name>.",
    );
  }
  return bytes(printManifest({ ...manifest, name }));
}

/** Keeps the formatting: the line goes in front of the others. */
function asNested(content: Uint8Array): Uint8Array {
  return bytes(text(content).replace("{", '{\n  "root": false,'));
}
