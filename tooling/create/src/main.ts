#!/usr/bin/env bun
// Entry in a clone of the repository: creates projects from its templates as they are now.
import { resolve } from "node:path";
import { openClone } from "./clone.ts";
import { start } from "./start.ts";

void start(openClone(resolve(import.meta.dir, "../../..")));
