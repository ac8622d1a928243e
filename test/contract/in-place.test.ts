// Every template fulfils the contract in place. Its own tests and check are separate tasks.
import { describe } from "bun:test";
import { join } from "node:path";
import { root, templateNames } from "../workspaces.ts";
import { builds } from "./commands.ts";
import { keepsTheContract } from "./contract.ts";
import { projectOf } from "./project.ts";

for (const name of templateNames()) {
  const project = await projectOf(name, join(root, "templates", name));
  describe(`templates/${name}`, () => {
    builds(project);
    keepsTheContract(project);
  });
}
