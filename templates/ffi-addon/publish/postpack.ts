// Package managers run this after they have packed the package: it restores README.md, and removes the platform packages
// from package.json. Otherwise `bun install` in this project would look for a version that npm does not have yet.
import { restoreReadme, writeOptionalDependencies } from "./packages.ts";

restoreReadme();
writeOptionalDependencies([]);
