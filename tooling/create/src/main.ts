#!/usr/bin/env bun
// The entry point in a clone of the repository: creates projects from its templates as they are now.
import { resolve } from "node:path";
import { start } from "./command/start.ts";
import { openClone } from "./sources/clone.ts";

void start(openClone(resolve(import.meta.dir, "../../..")));
