// Makes `bun --hot` evaluate the server's code again without an edit, by changing a temporary file that it imports.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { log } from "#lib/log";
import { privateFolder } from "./bundler.ts";

// If the file is removed, `bun --hot` evaluates this module again, which creates another one.
const file = join(privateFolder(), "reevaluate.ts");
writeFileSync(file, "", { flag: "a" });
await import(file);

let failure = "";

/** Returns false if the file cannot be written, as on a full disk: try again later. */
export function reevaluate(): boolean {
  try {
    writeFileSync(file, `// ${performance.now()}\n`);
    failure = "";
    return true;
  } catch (error) {
    // A failure that lasts is logged once.
    if (failure !== String(error)) log.error("an edit has no effect yet: {error}", { error });
    failure = String(error);
    return false;
  }
}
