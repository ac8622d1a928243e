// What a tarball must be before it is published: publint finds nothing, and every starter is stamped with the version.
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** @returns what is wrong, empty if nothing is. */
export async function tarballProblems(tarball: Uint8Array<ArrayBuffer>, version: string) {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  const files = await new Bun.Archive(tarball).files();
  const manifests = [...files].filter(([path]) =>
    /^package\/(templates\/[^/]+\/)?package\.json$/.test(path),
  );
  const stamps = manifests.map(async ([path, file]) => {
    const manifest = await file.json();
    const found = manifest.bunyard === undefined ? manifest.version : manifest.bunyard.version;
    return found === version ? [] : [`${path} says version ${found}, not ${version}`];
  });
  return [
    // The starters are files to copy: what is in their package.json is for the projects.
    ...messages
      .filter(({ code }) => code !== "NESTED_PACKAGE_JSON_FIELD_IGNORED")
      .map((message) => String(formatMessage(message, pkg, { color: false }))),
    ...(manifests.length < 2 ? ["the tarball holds no starters"] : []),
    ...(await Promise.all(stamps)).flat(),
  ];
}
