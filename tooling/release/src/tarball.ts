// Checks a tarball before it is published: publint finds no problem, and projects get the version in their stamp.
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** The package, and the file from which flatten takes the version of the stamp. */
const VERSIONED = ["package/package.json", "package/repository/tooling/create/package.json"];

/** Returns the problems; empty if the tarball can be published. */
export async function tarballProblems(
  tarball: Uint8Array<ArrayBuffer>,
  version: string,
): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  const files = await new Bun.Archive(tarball).files();
  const versions = VERSIONED.map(async (path) => {
    const found = (await files.get(path)?.json())?.version;
    return found === version ? [] : [`${path} has version ${found}, not ${version}`];
  });
  const starters = [...files.keys()].filter((path) =>
    /^package\/repository\/templates\/[^/]+\/package\.json$/.test(path),
  );
  return [
    // The starters are files to copy: the fields of their package.json are for the projects.
    ...messages
      .filter(({ code }) => code !== "NESTED_PACKAGE_JSON_FIELD_IGNORED")
      .map((message) => String(formatMessage(message, pkg, { color: false }))),
    ...(starters.length === 0 ? ["the tarball contains no starters"] : []),
    ...(await Promise.all(versions)).flat(),
  ];
}
