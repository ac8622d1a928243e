// Package managers run this after they have packed the package: it restores the project's README.md, and removes the
// platform packages from package.json. Otherwise `bun install` in this project would look for a version that npm does not have yet.
import { restoreOwn } from "#lib/published-files";
import { writeOptionalDependencies } from "./packages.ts";

restoreOwn();
writeOptionalDependencies([]);
