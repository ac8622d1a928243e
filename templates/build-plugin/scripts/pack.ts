// `prepack` and `postpack`: the package has a README of its own, made from NPM.md.
import { replaceWithPublished, restoreOwn } from "#lib/published-files";

if (process.argv[2] === "before") replaceWithPublished();
else restoreOwn();
