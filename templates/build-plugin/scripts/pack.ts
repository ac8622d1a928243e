// `prepack` and `postpack`: the package has a README of its own, made from NPM.md.
import { replaceWithPublished, restoreOwn } from "#lib/published-files";

try {
  if (process.argv[2] === "before") replaceWithPublished();
  else restoreOwn();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
