// Package managers run this after they have packed the package: it restores the project's own files. With the platform
// packages in package.json, `bun install` in this project would look for a version that npm does not have yet.
import { restoreOwn } from "#lib/published-files";

restoreOwn();
